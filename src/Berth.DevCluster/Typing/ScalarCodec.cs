using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Typing;

/// <summary>Decodes scalar values of built-in kinds, with the words of Go's decoders when they cannot be.</summary>
internal static class ScalarCodec
{
    public const string SecondsLayout = "2006-01-02T15:04:05Z07:00";
    public const string MicrosLayout = "2006-01-02T15:04:05.000000Z07:00";

    public static JsonNode? Decode(JsonNode value, FieldType type, FieldType owner, string path)
    {
        var kind = value.GetValueKind();
        switch (type.Scalar)
        {
            case "t" or "u":
                if (kind != JsonValueKind.String) throw BuiltinCodec.Mismatch(kind, type, owner, path);
                return Time(value.GetValue<string>(), micro: type.Scalar == "u");
            case "q":
                return kind is JsonValueKind.String or JsonValueKind.Number ? Quantity.Canonical(value.ToString()) : throw BuiltinCodec.Mismatch(kind, type, owner, path);
            case "I":
                return kind is JsonValueKind.String or JsonValueKind.Number ? value.DeepClone() : throw BuiltinCodec.Mismatch(kind, type, owner, path);
            case "y":
                if (kind != JsonValueKind.String) throw BuiltinCodec.Mismatch(kind, type, owner, path);
                if (Base64.Fault(value.GetValue<string>()) is >= 0 and var at) throw new DecodeException($"illegal base64 data at input byte {at}");
                return value.GetValue<string>().ReplaceLineEndings("");
            case "s" or "d":
                return kind == JsonValueKind.String ? value.DeepClone() : throw BuiltinCodec.Mismatch(kind, type, owner, path);
            case "b":
                return kind is JsonValueKind.True or JsonValueKind.False ? value.DeepClone() : throw BuiltinCodec.Mismatch(kind, type, owner, path);
            default:
                if (kind == JsonValueKind.Number && type.Scalar is "i32" or "i64" && value.AsValue().TryGetValue<double>(out var real) && !value.AsValue().TryGetValue<long>(out _))
                    throw BuiltinCodec.Mismatch($"number {GoText.Float(real)}", type, owner, path);
                return kind == JsonValueKind.Number ? value.DeepClone() : throw BuiltinCodec.Mismatch(kind, type, owner, path);
        }
    }

    /// <summary>A time in the form the server writes it.</summary>
    public static string Time(string text, bool micro)
    {
        var layout = micro ? MicrosLayout : SecondsLayout;
        if (text.Length < 20 || text[10] != 'T' || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            throw new DecodeException($"parsing time \"{text}\" as \"{layout}\": cannot parse {Rest(text, layout)}");
        return Write(time, micro);
    }

    public static string Write(DateTimeOffset time, bool micro = false) =>
        time.UtcDateTime.ToString(micro ? "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'" : "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // Go names the first part of its layout that the text does not meet.
    private static string Rest(string text, string layout)
    {
        (string Part, int Length)[] parts = [("2006", 4), ("-", 1), ("01", 2), ("-", 1), ("02", 2), ("T", 1), ("15", 2), (":", 1), ("04", 2), (":", 1), ("05", 2)];
        var at = 0;
        foreach (var (part, length) in parts)
        {
            var piece = at + length <= text.Length ? text.Substring(at, length) : "";
            var fits = char.IsDigit(part[0]) ? piece.Length == length && piece.All(char.IsDigit) : piece == part;
            if (!fits) return $"\"{text[Math.Min(at, text.Length)..]}\" as \"{part}\"";
            at += length;
        }
        var tail = layout.Contains(".000000", StringComparison.Ordinal) && (at >= text.Length || text[at] != '.') ? ".000000" : "Z07:00";
        return $"\"{text[at..]}\" as \"{tail}\"";
    }
}
