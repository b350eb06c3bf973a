using System.Text.Json;

namespace Berth.DevCluster.Http;

/// <summary>Says what is wrong with a JSON text in the words of Go's decoder.</summary>
internal static class GoJson
{
    public static string Complaint(byte[] body, JsonException error)
    {
        var at = Position(body, error);
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
