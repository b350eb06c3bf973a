using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Http;

/// <summary>Reads bodies: JSON or YAML, with duplicate keys found out.</summary>
internal static class RequestBody
{
    private const long MaxBytes = 3 * 1024 * 1024;

    public static async Task<byte[]> Read(HttpContext http)
    {
        using var buffer = new MemoryStream((int)Math.Min(http.Request.ContentLength ?? 1024, MaxBytes));
        var chunk = new byte[16384];
        int read;
        while ((read = await http.Request.Body.ReadAsync(chunk, http.RequestAborted)) > 0)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > MaxBytes) throw new StatusException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {MaxBytes}");
        }
        return buffer.ToArray();
    }

    public static string MediaType(HttpContext http) => (http.Request.ContentType ?? "").Split(';')[0].Trim();

    /// <summary>An object from JSON bytes; duplicate keys keep their last value and are reported.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static JsonNode? ParseJson(ReadOnlySpan<byte> bytes, List<string> duplicates)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 256 });
        if (!reader.Read()) throw new JsonException("unexpected end of JSON input");
        var node = ReadValue(ref reader, "", duplicates);
        if (reader.Read()) throw new JsonException("invalid character after top-level value");
        return node;
    }

    private static JsonNode? ReadValue(ref Utf8JsonReader reader, string path, List<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var o = new JsonObject();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = reader.GetString()!;
                    var at = path.Length == 0 ? key : $"{path}.{key}";
                    if (o.ContainsKey(key)) duplicates.Add(at);
                    reader.Read();
                    o[key] = ReadValue(ref reader, at, duplicates);
                }
                return o;
            case JsonTokenType.StartArray:
                var a = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) a.Add(ReadValue(ref reader, $"{path}[{a.Count}]", duplicates));
                return a;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var whole) ? JsonValue.Create(whole) : JsonValue.Create(reader.GetDouble());
            case JsonTokenType.True:
                return JsonValue.Create(true);
            case JsonTokenType.False:
                return JsonValue.Create(false);
            default:
                return null;
        }
    }
}
