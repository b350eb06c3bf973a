using System.IO.Compression;

namespace Berth.History.Bytes;

/// <summary>
/// A chunk as it is stored. First byte: 0 plain, 1 brotli; encrypted chunks wrap these (see ChunkSeal). Quality 4 costs about what gzip
/// does and is smaller.
/// </summary>
internal static class ChunkCodec
{
    private const byte Plain = 0;
    private const byte Brotli = 1;
    private const int Quality = 4;
    private const int Window = 20;

    public static byte[] Encode(ReadOnlySpan<byte> bytes)
    {
        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length) + 1];
        if (bytes.Length >= 64 && BrotliEncoder.TryCompress(bytes, packed.AsSpan(1), out var written, Quality, Window) && written < bytes.Length)
        {
            packed[0] = Brotli;
            return packed[..(written + 1)];
        }
        var plain = new byte[bytes.Length + 1];
        plain[0] = Plain;
        bytes.CopyTo(plain.AsSpan(1));
        return plain;
    }

    /// <summary>Throws <see cref="InvalidDataException"/> for bytes that no encoder wrote or that unpack to more than <paramref name="limit"/>.</summary>
    public static byte[] Decode(ReadOnlySpan<byte> stored, int limit = 1 << 20)
    {
        if (stored.Length == 0) throw new InvalidDataException("The chunk is empty.");
        if (stored[0] == Plain) return stored[1..].ToArray();
        if (stored[0] != Brotli) throw new InvalidDataException($"The chunk has an unknown form ({stored[0]}).");
        var bytes = new byte[limit];
        if (!BrotliDecoder.TryDecompress(stored[1..], bytes, out var written)) throw new InvalidDataException("The chunk cannot be unpacked.");
        return bytes[..written];
    }
}
