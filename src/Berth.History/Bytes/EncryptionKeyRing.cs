namespace Berth.History;

/// <summary>Keys for artifacts, checkpoints and logs at rest: AES-256-GCM. New chunks use the current key; every key in the ring is still read.</summary>
public sealed class EncryptionKeyRing
{
    private readonly Dictionary<string, byte[]> keys;

    /// <summary>Keys by id (1 to 63 ASCII characters), 32 bytes each, and the id of the one that new chunks use.</summary>
    public EncryptionKeyRing(IReadOnlyDictionary<string, byte[]> keys, string current)
    {
        foreach (var (id, key) in keys)
        {
            if (id.Length is < 1 or > 63 || !id.All(char.IsAscii)) throw new ArgumentException($"Encryption key id '{id}': use 1 to 63 ASCII characters.", nameof(keys));
            if (key.Length != 32) throw new ArgumentException($"Encryption key '{id}' has {key.Length} bytes; AES-256 needs 32 (make one with: head -c 32 /dev/urandom).", nameof(keys));
        }
        if (!keys.ContainsKey(current)) throw new ArgumentException($"The current encryption key '{current}' is not in the ring.", nameof(current));
        this.keys = keys.ToDictionary(k => k.Key, k => k.Value.ToArray(), StringComparer.Ordinal);
        Current = current;
    }

    /// <summary>Id of the key for new chunks.</summary>
    public string Current { get; }

    /// <summary>Ids of all keys.</summary>
    public IReadOnlyCollection<string> Ids => keys.Keys;

    /// <summary>Whether chunks written before encryption was switched on are still read. Artifacts prove themselves by their digest; for logs, say false once none are left.</summary>
    public bool AcceptPlain { get; init; } = true;

    /// <summary>
    /// Reads a mounted Secret: every file is a key named by its file name, 32 raw bytes or their base64 form. The current key is the last
    /// name in ordinal order, so that adding <c>key-2</c> after <c>key-1</c> is all a rotation needs.
    /// </summary>
    public static EncryptionKeyRing FromDirectory(string path)
    {
        // A mounted Secret keeps its files behind ..data; names with a leading dot are Kubernetes' own.
        var keys = Directory.EnumerateFiles(path).Where(f => Path.GetFileName(f)[0] != '.').ToDictionary(f => Path.GetFileName(f), Read, StringComparer.Ordinal);
        if (keys.Count == 0) throw new ArgumentException($"No encryption key in {path}: put at least one file with 32 bytes there.", nameof(path));
        return new EncryptionKeyRing(keys, keys.Keys.Max(StringComparer.Ordinal)!);
    }

    internal byte[]? Find(string id) => keys.GetValueOrDefault(id);

    private static byte[] Read(string file)
    {
        var bytes = File.ReadAllBytes(file);
        if (bytes.Length == 32) return bytes;
        try
        {
            return Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(bytes).Trim());
        }
        catch (FormatException)
        {
            return bytes;
        }
    }
}
