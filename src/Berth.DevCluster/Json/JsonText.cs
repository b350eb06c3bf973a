using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Json;

/// <summary>The one way objects become bytes and bytes become objects.</summary>
internal static class JsonText
{
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = 256, AllowDuplicateProperties = true };

    public static byte[] Bytes(JsonNode? node)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            if (node is null) writer.WriteNullValue();
            else node.WriteTo(writer);
        }
        return buffer.WrittenSpan.ToArray();
    }

    public static JsonObject Object(ReadOnlyMemory<byte> bytes) => (JsonObject)JsonNode.Parse(bytes.Span, null, Parsing)!;

    public static JsonNode? Parse(ReadOnlySpan<byte> bytes) => JsonNode.Parse(bytes, null, Parsing);

    /// <summary>A copy with all keys of all maps in order, as Go writes unstructured objects.</summary>
    public static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sorted)]),
        null => null,
        _ => node.DeepClone(),
    };
}
