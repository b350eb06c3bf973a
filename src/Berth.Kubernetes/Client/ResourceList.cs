using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>A list, or a page of one.</summary>
public sealed record ResourceList<T> where T : class
{
    /// <summary>The objects.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>The version that the list is of: a watch from here misses nothing.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Token of the next page; null or empty on the last.</summary>
    public string? Continue { get; init; }

    /// <summary>How many objects are still to come, when the server says.</summary>
    public long? RemainingItemCount { get; init; }

    internal static ResourceList<T> Parse(ReadOnlySpan<byte> json, ResourceType<T> type)
    {
        var reader = new Utf8JsonReader(json);
        var items = new List<T>();
        var list = new ResourceList<T> { Items = items };
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("items"u8)) ReadItems(json, ref reader, items, type);
            else if (reader.ValueTextEquals("metadata"u8)) list = ReadMetadata(ref reader, list);
            else reader.Skip();
        }
        return list;
    }

    private static void ReadItems(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, List<T> items, ResourceType<T> type)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return;
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("\"items\" is not a list");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            items.Add(ManagedFields.Read(json[start..(int)reader.BytesConsumed], type));
        }
    }

    private static ResourceList<T> ReadMetadata(ref Utf8JsonReader reader, ResourceList<T> list)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("resourceVersion"u8) && reader.Read()) list = list with { ResourceVersion = reader.GetString() };
            else if (reader.ValueTextEquals("continue"u8) && reader.Read()) list = list with { Continue = reader.GetString() };
            else if (reader.ValueTextEquals("remainingItemCount"u8) && reader.Read())
                list = list with { RemainingItemCount = reader.TokenType == JsonTokenType.Number ? reader.GetInt64() : null };
            else reader.Skip();
        }
        return list;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type) throw new JsonException($"expected {type}, found {reader.TokenType}");
    }
}
