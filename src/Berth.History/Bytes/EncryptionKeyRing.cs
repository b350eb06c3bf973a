namespace Berth.History;

/// <summary>Keys for artifacts, checkpoints and logs at rest: AES-256-GCM. New chunks use the current key; every key in the ring is still read.</summary>
public sealed class EncryptionKeyRing
{
    private volatile Keys _keys;

    private sealed record Keys(Dictionary<string, byte[]> ById, string Current);

    /// <summary>Keys by id (1 to 63 ASCII characters), 32 bytes each, and the id of the one that new chunks use.</summary>
    public EncryptionKeyRing(IReadOnlyDictionary<string, byte[]> keys, string current)
    {
        foreach (var (id, key) in keys)
        {
            if (id.Length is < 1 or > 63 || !id.All(char.IsAscii)) throw new ArgumentException($"Encryption key id '{id}': use 1 to 63 ASCII characters.", nameof(keys));
            if (key.Length != 32) throw new ArgumentException($"Encryption key '{id}' has {key.Length} bytes; AES-256 needs 32 (make one with: head -c 32 /dev/urandom).", nameof(keys));
        }
        if (!keys.ContainsKey(current)) throw new ArgumentException($"The current encryption key '{current}' is not in the ring.", nameof(current));
        _keys = new Keys(keys.ToDictionary(k => k.Key, k => k.Value.ToArray(), StringComparer.Ordinal), current);
    }

    /// <summary>Id of the key for new chunks.</summary>
    public string Current => _keys.Current;

    /// <summary>Ids of all keys.</summary>
    public IReadOnlyCollection<string> Ids => _keys.ById.Keys;

    /// <summary>Whether chunks written before encryption was switched on are still read. Artifacts prove themselves by their digest; for logs, say false once none are left.</summary>
    public bool AcceptPlain { get; init; } = true;

    /// <summary>
    /// Reads a mounted Secret: every file is a key named by its file name, 32 raw bytes or their base64 form. The current key is the last
    /// name in ordinal order, so that adding <c>key-2</c> after <c>key-1</c> is all a rotation needs.
    /// </summary>
    public static EncryptionKeyRing FromDirectory(string path)
    {
        if (!Directory.Exists(path)) throw new ArgumentException($"The directory {path} with encryption keys does not exist; mount the Secret there.", nameof(path));
        // A mounted Secret keeps its files behind ..data; names with a leading dot are Kubernetes' own.
        return FromSecret(path, Directory.EnumerateFiles(path).Where(f => Path.GetFileName(f)[0] != '.').ToDictionary(f => Path.GetFileName(f), File.ReadAllBytes, StringComparer.Ordinal));
    }

    /// <summary>Reads the data of a Secret; the rules of <see cref="FromDirectory"/> hold.</summary>
    /// <param name="place">Where they are from, for messages.</param>
    /// <param name="data">Keys by name.</param>
    public static EncryptionKeyRing FromSecret(string place, IReadOnlyDictionary<string, byte[]> data)
    {
        if (data.Count == 0) throw new ArgumentException($"No encryption key in {place}: put at least one with 32 bytes there.", nameof(data));
        return new EncryptionKeyRing(data.ToDictionary(k => k.Key, k => Raw(k.Value), StringComparer.Ordinal), data.Keys.Max(StringComparer.Ordinal)!);
    }

    /// <summary>Takes over the keys of another ring, for all who use this one; false if they are the same.</summary>
    public bool Take(EncryptionKeyRing other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var (mine, theirs) = (_keys, other._keys);
        if (mine.Current == theirs.Current && mine.ById.Count == theirs.ById.Count && mine.ById.All(k => theirs.ById.TryGetValue(k.Key, out var key) && key.AsSpan().SequenceEqual(k.Value))) return false;
        _keys = theirs;
        return true;
    }

    /// <summary>The current key with its id, both of one moment.</summary>
    internal (string Id, byte[] Key) Sealing
    {
        get
        {
            var keys = _keys;
            return (keys.Current, keys.ById[keys.Current]);
        }
    }

    internal byte[]? Find(string id) => _keys.ById.GetValueOrDefault(id);

    private static byte[] Raw(byte[] bytes)
    {
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
