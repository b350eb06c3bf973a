using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Protocol;

/// <summary>Source-generated JSON of the protocol. Frames are always written as <see cref="Frame"/>, so that their type is.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(Frame))]
[JsonSerializable(typeof(AttemptResult))]
[JsonSerializable(typeof(AttemptInventory))]
[JsonSerializable(typeof(Assign))]
[JsonSerializable(typeof(CheckpointOffers))]
public sealed partial class ProtocolJson : JsonSerializerContext
{
    /// <summary>Writes a frame as UTF-8 JSON with its type.</summary>
    public static byte[] Write(Frame frame) => JsonSerializer.SerializeToUtf8Bytes(frame, Default.Frame);

    /// <summary>Reads a frame; throws <see cref="JsonException"/> for anything malformed.</summary>
    public static Frame Read(ReadOnlySpan<byte> utf8) =>
        JsonSerializer.Deserialize(utf8, Default.Frame) ?? throw new JsonException("a frame must be an object");
}
