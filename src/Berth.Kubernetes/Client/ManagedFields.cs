using System.Buffers;
using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>Cuts <c>metadata.managedFields</c> out of an object's JSON before it is read: it is often half of it, nothing here needs it, and a server keeps
/// the stored one when a write omits it.</summary>
internal static class ManagedFields
{
    public static T Read<T>(ReadOnlySpan<byte> json, ResourceType<T> type) where T : class
    {
        if (!type.DropsManagedFields || json.IndexOf("\"managedFields\""u8) < 0 || !TryFind(json, out var start, out var end)) return Deserialize(json, type);
        var buffer = ArrayPool<byte>.Shared.Rent(json.Length);
        try
        {
            json[..start].CopyTo(buffer);
            json[end..].CopyTo(buffer.AsSpan(start));
            return Deserialize(buffer.AsSpan(0, json.Length - (end - start)), type);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static T Deserialize<T>(ReadOnlySpan<byte> json, ResourceType<T> type) where T : class =>
        JsonSerializer.Deserialize(json, type.Json) ?? throw new JsonException("the object is null");

    private static bool TryFind(ReadOnlySpan<byte> json, out int start, out int end)
    {
        (start, end) = (0, 0);
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8)) return reader.Read() && reader.TokenType == JsonTokenType.StartObject && TryFind(json, ref reader, out start, out end);
            reader.Skip();
        }
        return false;
    }

    private static bool TryFind(ReadOnlySpan<byte> json, ref Utf8JsonReader reader, out int start, out int end)
    {
        (start, end) = (0, 0);
        int? afterLast = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = (int)reader.TokenStartIndex;
            var found = reader.ValueTextEquals("managedFields"u8);
            reader.Skip();
            end = (int)reader.BytesConsumed;
            if (!found)
            {
                afterLast = end;
                continue;
            }
            // With the comma before it or, when it is the first member, the one after it.
            start = afterLast ?? name;
            if (afterLast is null && json[end..].IndexOfAnyExcept(" \t\r\n"u8) is >= 0 and var gap && json[end + gap] == ',') end += gap + 1;
            return true;
        }
        return false;
    }
}
