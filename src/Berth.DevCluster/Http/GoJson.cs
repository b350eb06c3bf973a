using System.Text.Json;

namespace Berth.DevCluster.Http;

/// <summary>Says what is wrong with a JSON text in the words of Go's decoder.</summary>
internal static class GoJson
{
    public static string Complaint(byte[] body, JsonException error)
    {
        var at = Position(body, error);
        if (IsAfterValue(body, at)) return $"invalid character '{(char)body[at]}' after top-level value";
        if (Literal(body, ref at) is { } literal) return $"invalid character '{(char)body[at]}' in literal {literal}";
        if (at >= body.Length) return "unexpected end of JSON input";
        var c = (char)body[at];
        var before = at - 1;
        while (before >= 0 && char.IsWhiteSpace((char)body[before])) before--;
        var where = before < 0 ? "looking for beginning of value" : (char)body[before] switch
        {
            '{' => "looking for beginning of object key string",
            ',' => "looking for beginning of value",
            ':' or '[' => "looking for beginning of value",
            '"' => "after object key",
            _ => "after object key:value pair",
        };
        return $"invalid character {(c == '\'' ? "'\\''" : $"'{c}'")} {where}";
    }

    /// <summary>What a value is called.</summary>
    public static string Noun(System.Text.Json.Nodes.JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        null => "null",
        _ => "bool",
    };

    // Whether a whole value ends before a place of the text.
    private static bool IsAfterValue(byte[] body, int at)
    {
        if (at >= body.Length || at == 0) return false;
        try
        {
            using var whole = JsonDocument.Parse(body.AsMemory(0, at));
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // Go follows the letters of true, false and null one by one.
    private static string? Literal(byte[] body, ref int at)
    {
        var start = at;
        while (start > 0 && char.IsAsciiLetter((char)body[start - 1])) start--;
        foreach (var word in (string[])["true", "false", "null"])
        {
            if (start >= body.Length || body[start] != word[0]) continue;
            for (var i = 1; i < word.Length && start + i < body.Length; i++)
            {
                if (body[start + i] == word[i]) continue;
                at = start + i;
                return $"{word} (expecting '{word[i]}')";
            }
        }
        return null;
    }

    private static int Position(byte[] body, JsonException error)
    {
        var (line, at) = (error.LineNumber ?? 0, 0);
        for (var i = 0; i < body.Length && line > 0; i++)
        {
            if (body[i] != '\n') continue;
            line--;
            at = i + 1;
        }
        return at + (int)(error.BytePositionInLine ?? 0);
    }
}
