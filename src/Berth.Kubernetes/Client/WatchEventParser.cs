using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>Reads one line of a watch. The usual shape, type first and object last, is parsed once.</summary>
internal static class WatchEventParser
{
    private const string InitialEventsEnd = "k8s.io/initial-events-end";

    public static WatchEvent<T> Parse<T>(ReadOnlySpan<byte> line, ResourceType<T> type) where T : class
    {
        var (name, start, length) = Locate(line);
        var body = line.Slice(start, length);
        switch (name)
        {
            case "ADDED": return Object(WatchEventType.Added, body, type);
            case "MODIFIED": return Object(WatchEventType.Modified, body, type);
            case "DELETED": return Object(WatchEventType.Deleted, body, type);
            case "BOOKMARK":
                var metadata = JsonSerializer.Deserialize(body, KubernetesJson.Default.PartialObject)?.Metadata;
                return new(WatchEventType.Bookmark, null, metadata?.ResourceVersion, metadata?.Annotation(InitialEventsEnd) == "true");
            case "ERROR":
                throw new KubernetesException(JsonSerializer.Deserialize(body, KubernetesJson.Default.Status) ?? new Status { Message = "The watch failed." });
            default: throw new JsonException($"unknown watch event \"{name}\"");
        }
    }

    private static WatchEvent<T> Object<T>(WatchEventType kind, ReadOnlySpan<byte> body, ResourceType<T> type) where T : class
    {
        var value = ManagedFields.Read(body, type);
        return new(kind, value, type.Identify(value).ResourceVersion, false);
    }

    private static (string Type, int Start, int Length) Locate(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        string? type = null;
        (int Start, int Length)? found = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException("a watch event is not an object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isObject = reader.ValueTextEquals("object"u8);
            var isType = !isObject && reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isType) type = reader.GetString();
            var start = (int)reader.TokenStartIndex;
            // With the type known, the object reaches to the closing brace of the line: no need to walk through it first.
            if (isObject && type is not null && line[^1] == '}') return (type, start, line.Length - start - 1);
            reader.Skip();
            if (isObject) found = (start, (int)reader.BytesConsumed - start);
        }
        if (type is null || found is not { } place) throw new JsonException("a watch event without type or object");
        return (type, place.Start, place.Length);
    }
}
