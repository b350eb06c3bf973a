using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Protocol.Runner;

/// <summary>
/// The frames on a slot's socket: four bytes length of the payload (little endian), one byte kind, payload. Control frames are JSON;
/// output is stream (1), offset (8), bytes; file data is request id (8), bytes.
/// </summary>
public static class RunnerWire
{
    /// <summary>Version spoken here.</summary>
    public const int Version = 1;

    /// <summary>Bytes before every payload.</summary>
    public const int HeaderBytes = 5;

    /// <summary>Largest payload; a larger one ends the connection. Holds a step with the largest environment.</summary>
    public const int MaxPayloadBytes = 8 * 1024 * 1024;

    /// <summary>Bytes of output or file in one frame.</summary>
    public const int ChunkBytes = 64 * 1024;

    /// <summary>Bytes before the data of an output frame.</summary>
    public const int OutputHeaderBytes = 9;

    /// <summary>Bytes before the data of a file frame.</summary>
    public const int FileHeaderBytes = 8;

    /// <summary>A control message as a whole frame.</summary>
    public static byte[] Control(RunnerMessage message) =>
        Frame(FrameKind.Control, JsonSerializer.SerializeToUtf8Bytes(message, RunnerJson.Default.RunnerMessage), []);

    /// <summary>A piece of output as a whole frame.</summary>
    public static byte[] Output(int stream, long offset, ReadOnlySpan<byte> data)
    {
        Span<byte> head = stackalloc byte[OutputHeaderBytes];
        head[0] = (byte)stream;
        BinaryPrimitives.WriteInt64LittleEndian(head[1..], offset);
        return Frame(FrameKind.Output, head, data);
    }

    /// <summary>A piece of a file as a whole frame.</summary>
    public static byte[] File(long id, ReadOnlySpan<byte> data)
    {
        Span<byte> head = stackalloc byte[FileHeaderBytes];
        BinaryPrimitives.WriteInt64LittleEndian(head, id);
        return Frame(FrameKind.File, head, data);
    }

    /// <summary>Reads a header; throws <see cref="InvalidDataException"/> for one that no peer of ours writes.</summary>
    public static (int Length, FrameKind Kind) Header(ReadOnlySpan<byte> header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        var kind = (FrameKind)header[4];
        if (length is < 0 or > MaxPayloadBytes || kind > FrameKind.File) throw new InvalidDataException("not a frame of the runner protocol");
        return (length, kind);
    }

    /// <summary>Reads a control message; throws <see cref="JsonException"/> for anything malformed.</summary>
    public static RunnerMessage Read(ReadOnlySpan<byte> payload) =>
        JsonSerializer.Deserialize(payload, RunnerJson.Default.RunnerMessage) ?? throw new JsonException("a message must be an object");

    private static byte[] Frame(FrameKind kind, ReadOnlySpan<byte> head, ReadOnlySpan<byte> data)
    {
        var frame = new byte[HeaderBytes + head.Length + data.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, head.Length + data.Length);
        frame[4] = (byte)kind;
        head.CopyTo(frame.AsSpan(HeaderBytes));
        data.CopyTo(frame.AsSpan(HeaderBytes + head.Length));
        return frame;
    }
}

/// <summary>What a frame's payload is.</summary>
public enum FrameKind : byte
{
    /// <summary>A JSON message.</summary>
    Control,

    /// <summary>Output of the step.</summary>
    Output,

    /// <summary>Bytes of a file.</summary>
    File,
}

/// <summary>Source-generated JSON of the runner protocol.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(RunnerMessage))]
[JsonSerializable(typeof(StepEnded))]
public sealed partial class RunnerJson : JsonSerializerContext;
