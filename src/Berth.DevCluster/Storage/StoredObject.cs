using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Storage;

/// <summary>One stored state of one object: immutable, kept as the bytes that readers and watchers are sent.</summary>
internal sealed class StoredObject(string key, string ns, string name, string uid, long revision, ReadOnlyMemory<byte> json, int bodyOffset)
{
    private JsonObject? _labels;
    private bool _labelsRead;

    /// <summary>The object's place in its collection: <c>namespace/name</c>, or the name alone.</summary>
    public string Key { get; } = key;

    public string Namespace { get; } = ns;

    public string Name { get; } = name;

    public string Uid { get; } = uid;

    public long Revision { get; } = revision;

    public ReadOnlyMemory<byte> Json { get; } = json;

    /// <summary>Where the object goes on after its leading kind and apiVersion; 0 when they are not leading.</summary>
    public int BodyOffset { get; } = bodyOffset;

    /// <summary>A fresh, private copy that the caller may change.</summary>
    public JsonObject Parse() => JsonText.Object(Json);

    public JsonObject? Labels()
    {
        if (_labelsRead) return _labels;
        _labels = Json.Span.IndexOf("\"labels\":"u8) < 0 ? null : Parse().Object("metadata", "labels")?.Clone();
        _labelsRead = true;
        return _labels;
    }

    /// <summary>A key to search a collection with.</summary>
    public static StoredObject Probe(string key) => new(key, "", "", "", 0, default, 0);

    public static string KeyOf(string ns, string name) => ns.Length == 0 ? name : $"{ns}/{name}";
}

/// <summary>Orders a collection as etcd orders its keys.</summary>
internal sealed class StoredObjectOrder : IComparer<StoredObject>
{
    public static readonly StoredObjectOrder Instance = new();

    public int Compare(StoredObject? x, StoredObject? y) => string.CompareOrdinal(x!.Key, y!.Key);
}
