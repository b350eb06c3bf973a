using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Storage;

/// <summary>
/// An object ready to be stored but for its resourceVersion, which is only known inside the store's lock: the bytes are
/// serialized outside it with a place left open.
/// </summary>
internal sealed class ObjectDraft
{
    // Random per process, so that no object's own text can be mistaken for the open place.
    private static readonly string Mark = "rv-" + Guid.NewGuid().ToString("N");
    private static readonly byte[] MarkBytes = Encoding.ASCII.GetBytes(Mark);

    private readonly byte[] _template;
    private readonly int _mark;
    private readonly int _bodyOffset;

    public ObjectDraft(JsonObject obj)
    {
        var metadata = obj.Meta();
        Namespace = metadata.TextOr("", "namespace");
        Name = metadata.TextOr("", "name");
        Uid = metadata.TextOr("", "uid");
        Key = StoredObject.KeyOf(Namespace, Name);
        metadata["resourceVersion"] = Mark;
        _template = JsonText.Bytes(obj);
        _mark = _template.AsSpan().IndexOf(MarkBytes);
        _bodyOffset = BodyStart(obj);
    }

    public string Key { get; }

    public string Namespace { get; }

    public string Name { get; }

    public string Uid { get; }

    public StoredObject At(long revision)
    {
        var digits = Encoding.ASCII.GetBytes(revision.Invariant());
        var bytes = new byte[_template.Length - MarkBytes.Length + digits.Length];
        _template.AsSpan(0, _mark).CopyTo(bytes);
        digits.CopyTo(bytes, _mark);
        _template.AsSpan(_mark + MarkBytes.Length).CopyTo(bytes.AsSpan(_mark + digits.Length));
        return new StoredObject(Key, Namespace, Name, Uid, revision, bytes, _bodyOffset);
    }

    /// <summary>The bytes without any resourceVersion, for an object that is shown but not stored (dry run).</summary>
    public static ReadOnlyMemory<byte> Unstored(JsonObject obj)
    {
        obj.Meta().Remove("resourceVersion");
        return JsonText.Bytes(obj);
    }

    // Built-in kinds are written with kind and apiVersion first; their lists leave both out of the items.
    private int BodyStart(JsonObject obj)
    {
        using var keys = obj.GetEnumerator();
        if (!keys.MoveNext() || keys.Current.Key != "kind" || !keys.MoveNext() || keys.Current.Key != "apiVersion" || !keys.MoveNext()) return 0;
        var next = Encoding.UTF8.GetBytes($"\"{keys.Current.Key}\":");
        return _template.AsSpan().IndexOf(next);
    }
}
