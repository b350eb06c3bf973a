using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Typing;

/// <summary>
/// Reads Kubernetes' protobuf form of built-in kinds: clients of Go send it for small typed objects. Answers are always JSON, which such
/// clients accept too.
/// </summary>
internal static class ProtobufReader
{
    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>The kind that a body says it is, and the message itself; null when it is not in Kubernetes' envelope.</summary>
    public static (string ApiVersion, string Kind, ReadOnlyMemory<byte> Message)? Open(ReadOnlyMemory<byte> body)
    {
        if (!body.Span.StartsWith(Magic)) return null;
        var (apiVersion, kind, message) = ("", "", ReadOnlyMemory<byte>.Empty);
        foreach (var (number, _, bytes) in Fields(body[4..]))
        {
            if (number == 2) message = bytes;
            if (number != 1) continue;
            foreach (var (part, _, text) in Fields(bytes))
            {
                if (part == 1) apiVersion = Text(text);
                else if (part == 2) kind = Text(text);
            }
        }
        return (apiVersion, kind, message);
    }

    public static JsonObject Struct(ReadOnlyMemory<byte> message, FieldType type)
    {
        var result = new JsonObject();
        ReadStruct(result, message, type, "");
        return result;
    }

    private static void ReadStruct(JsonObject result, ReadOnlyMemory<byte> message, FieldType type, string prefix)
    {
        foreach (var (number, value, bytes) in Fields(message))
        {
            var at = prefix + number.ToString(CultureInfo.InvariantCulture);
            if (type.Fields.FirstOrDefault(f => f.Protobuf == at) is { } field) Put(result, field, value, bytes);
            // A struct that Go embeds is a message of its own here.
            else if (type.Fields.Any(f => f.Protobuf.StartsWith(at + ".", StringComparison.Ordinal))) ReadStruct(result, bytes, type, at + ".");
        }
    }

    private static void Put(JsonObject result, Field field, ulong value, ReadOnlyMemory<byte> bytes)
    {
        switch (field.Type.Shape)
        {
            case Shape.List:
                result.EnsureArray(field.Name).Add(Value(field.Type.Element!, value, bytes));
                break;
            case Shape.Map:
                var (key, item) = ("", (JsonNode?)null);
                foreach (var (number, entryValue, entry) in Fields(bytes))
                {
                    if (number == 1) key = Text(entry);
                    else if (number == 2) item = Value(field.Type.Element!, entryValue, entry);
                }
                result.Ensure(field.Name)[key] = item ?? Empty(field.Type.Element!);
                break;
            default:
                result[field.Name] = Value(field.Type, value, bytes);
                break;
        }
    }

    private static JsonNode? Value(FieldType type, ulong value, ReadOnlyMemory<byte> bytes)
    {
        switch (type.Shape)
        {
            case Shape.Struct:
                return Struct(bytes, type);
            case Shape.List:
                // A list inside a map or list is a message with repeated items.
                return new JsonArray([.. Fields(bytes).Select(f => Value(type.Element!, f.Value, f.Bytes))]);
            case Shape.Any:
                var raw = Fields(bytes).FirstOrDefault(f => f.Number == 1).Bytes;
                return raw.IsEmpty ? null : JsonText.Parse(raw.Span);
            default:
                return Scalar(type.Scalar, value, bytes);
        }
    }

    private static JsonNode? Scalar(string scalar, ulong value, ReadOnlyMemory<byte> bytes)
    {
        switch (scalar)
        {
            case "s":
                return Text(bytes);
            case "b":
                return value != 0;
            case "y":
                return Convert.ToBase64String(bytes.Span);
            case "n":
                return BitConverter.UInt64BitsToDouble(value);
            case "q":
                return Text(Fields(bytes).FirstOrDefault(f => f.Number == 1).Bytes);
            case "I":
                var parts = Fields(bytes).ToList();
                return parts.Any(p => p.Number == 1 && p.Value == 1) ? Text(parts.FirstOrDefault(p => p.Number == 3).Bytes) : (long)parts.FirstOrDefault(p => p.Number == 2).Value;
            case "t" or "u":
                var time = Fields(bytes).ToList();
                if (time.Count == 0) return null;
                var instant = DateTimeOffset.FromUnixTimeSeconds((long)time.FirstOrDefault(f => f.Number == 1).Value).AddTicks((long)time.FirstOrDefault(f => f.Number == 2).Value / 100);
                return ScalarCodec.Write(instant, micro: scalar == "u");
            case "d":
                return string.Create(CultureInfo.InvariantCulture, $"{(long)Fields(bytes).FirstOrDefault(f => f.Number == 1).Value / 1_000_000_000.0}s");
            default:
                return (long)value;
        }
    }

    private static JsonNode? Empty(FieldType type) => type is { Shape: Shape.Scalar, Scalar: "s" or "y" } ? "" : null;

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static List<(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int, ulong, ReadOnlyMemory<byte>)>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message.Span, ref at);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add((number, Varint(message.Span, ref at), default));
                    break;
                case 1:
                    fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(Take(message, ref at, 8).Span), default));
                    break;
                case 2:
                    var length = Varint(message.Span, ref at);
                    fields.Add((number, 0, Take(message, ref at, length > int.MaxValue ? int.MaxValue : (int)length)));
                    break;
                case 5:
                    fields.Add((number, BinaryPrimitives.ReadUInt32LittleEndian(Take(message, ref at, 4).Span), default));
                    break;
                default:
                    throw new DecodeException($"proto: illegal wireType {tag & 7}");
            }
        }
        return fields;
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> message, ref int at, int length)
    {
        if (length > message.Length - at) throw new DecodeException("unexpected EOF");
        var taken = message.Slice(at, length);
        at += length;
        return taken;
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= message.Length) throw new DecodeException("unexpected EOF");
            var b = message[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return value;
        }
        throw new DecodeException("proto: integer overflow");
    }
}
