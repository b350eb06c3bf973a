using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Berth.DevCluster.Storage;

/// <summary>
/// Keeps the store in a directory: a snapshot and the changes since it. Each change is handed to the operating system before anybody
/// sees it, so it survives kill -9; a change that was cut off in the middle is found by its checksum and dropped.
/// </summary>
internal sealed class FileJournal(string directory) : IStoreJournal
{
    private const int HeaderBytes = 8;
    private const long SnapshotAfterBytes = 64 * 1024 * 1024;

    private FileStream? _log;
    private ObjectStore? _store;
    private long _sinceSnapshot;

    private string SnapshotPath => Path.Combine(directory, "snapshot");

    private string LogPath => Path.Combine(directory, "log");

    public long Restore(ObjectStore store)
    {
        Directory.CreateDirectory(directory);
        _store = store;
        var sets = new Dictionary<string, ImmutableSortedSet<StoredObject>.Builder>(StringComparer.Ordinal);
        var revision = Replay(SnapshotPath, sets, 0, truncate: false);
        revision = Replay(LogPath, sets, revision, truncate: true);
        foreach (var (name, set) in sets) store.Resource(name).Log.Reset(set.ToImmutable(), revision);
        foreach (var resource in store.Resources) resource.Compact(revision);
        _log = new FileStream(LogPath, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        return revision;
    }

    public void Write(ResourceStore resource, WatchEvent change)
    {
        var record = Record.Of(change.Type == "DELETED" ? 'D' : 'P', resource.Name, change.Object);
        _log!.Write(record);
        _sinceSnapshot += record.Length;
    }

    public void AfterCommit(long revision)
    {
        if (_sinceSnapshot < SnapshotAfterBytes) return;
        _sinceSnapshot = 0;
        WriteSnapshot(revision);
    }

    public void Dispose() => _log?.Dispose();

    // First the new snapshot in full, then the empty log: a crash in between replays changes that the snapshot has already.
    private void WriteSnapshot(long revision)
    {
        var temporary = SnapshotPath + ".tmp";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20))
        {
            foreach (var resource in _store!.Resources)
            {
                foreach (var obj in resource.Current) file.Write(Record.Of('P', resource.Name, obj));
            }
            file.Write(Record.Of('R', "", new StoredObject("", "", "", "", revision, default, 0)));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, SnapshotPath, overwrite: true);
        _log!.SetLength(0);
    }

    private static long Replay(string path, Dictionary<string, ImmutableSortedSet<StoredObject>.Builder> sets, long revision, bool truncate)
    {
        if (!File.Exists(path)) return revision;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        var header = new byte[HeaderBytes];
        while (true)
        {
            var start = file.Position;
            if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || Read(file, header) is not { } body)
            {
                if (truncate) file.SetLength(start);
                return revision;
            }
            var (kind, resource, obj) = Record.Parse(body);
            revision = Math.Max(revision, obj.Revision);
            if (kind == 'R') continue;
            if (!sets.TryGetValue(resource, out var set))
                sets[resource] = set = ImmutableSortedSet.CreateBuilder<StoredObject>(StoredObjectOrder.Instance);
            set.Remove(obj);
            if (kind == 'P') set.Add(obj);
        }
    }

    private static byte[]? Read(FileStream file, byte[] header)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length < 0 || length > file.Length - file.Position) return null;
        var body = new byte[length];
        file.ReadExactly(body);
        return Record.Checksum(body) == BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)) ? body : null;
    }

    /// <summary>One change as bytes: length, checksum, kind, revision, body offset, four texts, the object.</summary>
    private static class Record
    {
        public static byte[] Of(char kind, string resource, StoredObject obj)
        {
            using var buffer = new MemoryStream(obj.Json.Length + 256);
            using var writer = new BinaryWriter(buffer, Encoding.UTF8);
            writer.Write(0L);
            writer.Write(kind);
            writer.Write(obj.Revision);
            writer.Write(obj.BodyOffset);
            foreach (var text in (ReadOnlySpan<string>)[resource, obj.Key, obj.Namespace, obj.Name, obj.Uid]) writer.Write(text);
            writer.Write(obj.Json.Length);
            writer.Write(obj.Json.Span);
            var record = buffer.ToArray();
            BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - HeaderBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Checksum(record.AsSpan(HeaderBytes)));
            return record;
        }

        public static (char Kind, string Resource, StoredObject Object) Parse(byte[] body)
        {
            using var reader = new BinaryReader(new MemoryStream(body), Encoding.UTF8);
            var (kind, revision, offset) = (reader.ReadChar(), reader.ReadInt64(), reader.ReadInt32());
            var (resource, key, ns, name, uid) = (reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString());
            var json = reader.ReadBytes(reader.ReadInt32());
            return (kind, resource, new StoredObject(key, ns, name, uid, revision, json, offset));
        }

        // FNV-1a: it only has to tell a torn record from a whole one.
        public static uint Checksum(ReadOnlySpan<byte> bytes)
        {
            var hash = 2166136261u;
            foreach (var b in bytes) hash = (hash ^ b) * 16777619u;
            return hash;
        }
    }
}
