using System.Security.Cryptography;
using System.Text;

namespace Berth.History.Bytes;

/// <summary>
/// Chunks as the database holds them: packed, and sealed where there are keys. Form: 2, length of the key's id, id, nonce (12), tag (16),
/// sealed bytes. What is authenticated with them is the place (which artifact, which number; which log, which offset), so that chunks
/// cannot be exchanged either.
/// </summary>
internal sealed class ChunkSeal(EncryptionKeyRing? keys)
{
    private const byte Sealed = 2;
    private const int Nonce = 12;
    private const int Tag = 16;

    public static string PlaceOf(Guid blob, int number) => $"artifact/{blob:N}/{number}";

    public static string PlaceOf(string attempt, long offset) => $"log/{attempt}/{offset}";

    public byte[] Close(ReadOnlySpan<byte> bytes, string place)
    {
        var packed = ChunkCodec.Encode(bytes);
        if (keys is null) return packed;
        var (name, key) = keys.Sealing;
        var id = Encoding.ASCII.GetBytes(name);
        var head = 2 + id.Length;
        var result = new byte[head + Nonce + Tag + packed.Length];
        result[0] = Sealed;
        result[1] = (byte)id.Length;
        id.CopyTo(result, 2);
        var nonce = result.AsSpan(head, Nonce);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, Tag);
        aes.Encrypt(nonce, packed, result.AsSpan(head + Nonce + Tag), result.AsSpan(head + Nonce, Tag), Encoding.UTF8.GetBytes(place));
        return result;
    }

    /// <summary>Throws <see cref="ArtifactMismatchException"/> for damage, <see cref="HistoryUnavailableException"/> with reason KeyMissing for a key that is not in the ring.</summary>
    public byte[] Open(byte[] stored, string place)
    {
        try
        {
            if (stored.Length > 0 && stored[0] == Sealed) return ChunkCodec.Decode(Unseal(stored, place));
            if (keys is { AcceptPlain: false }) throw new InvalidDataException("it is not encrypted, and the key ring says that all must be");
            return ChunkCodec.Decode(stored);
        }
        catch (Exception e) when (e is InvalidDataException or CryptographicException)
        {
            throw new ArtifactMismatchException($"Stored chunk {place} is damaged or was changed in the database: {e.Message}", e);
        }
    }

    private byte[] Unseal(byte[] stored, string place)
    {
        if (stored.Length < 2 || stored.Length < 2 + stored[1] + Nonce + Tag) throw new InvalidDataException("it is too short");
        var id = Encoding.ASCII.GetString(stored, 2, stored[1]);
        var key = keys?.Find(id) ?? throw new HistoryUnavailableException(HistoryUnavailableReason.KeyMissing, false,
            $"History: chunk {place} is encrypted with key '{id}', which is not in the key ring. Add it to the Secret again; old keys must stay as long as data of their time is kept.");
        var head = 2 + stored[1];
        var packed = new byte[stored.Length - head - Nonce - Tag];
        using var aes = new AesGcm(key, Tag);
        aes.Decrypt(stored.AsSpan(head, Nonce), stored.AsSpan(head + Nonce + Tag), stored.AsSpan(head + Nonce, Tag), packed, Encoding.UTF8.GetBytes(place));
        return packed;
    }
}
