using System.Buffers.Binary;
using System.Numerics;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Berth.Agent.Journal;

/// <summary>
/// The journal on disk: records of magic (4), length (4), CRC-32C (4) and JSON; each fsynced before anything follows from it. A torn
/// last record never had consequences and is cut off; damage in the middle is told apart and makes the journal unusable, because
/// attempts could be missing from it.
/// </summary>
internal sealed class JournalFile : IDisposable
{
    private const uint Magic = 0x4a523142; // "B1RJ"
    private const int HeaderBytes = 12;
    private const int CompactAtLeast = 1024 * 1024;

    private readonly string _path;
    private readonly IJournalDisk _disk;
    private SafeFileHandle? _file;
    private long _length;
    private long _compactAt;
    private bool _damaged;

    private JournalFile(string path, IJournalDisk disk, JournalState state) => (_path, _disk, State) = (path, disk, state);

    /// <summary>The journal folded, with everything that was appended.</summary>
    public JournalState State { get; }

    /// <summary>Why nothing can be written; null while all is well.</summary>
    public string? Problem { get; private set; }

    /// <summary>Opens or begins a journal. A damaged one opens with <see cref="Problem"/> set for good.</summary>
    public static JournalFile Open(string directory, IJournalDisk disk)
    {
        var path = Path.Combine(directory, "journal");
        var state = new JournalState();
        var journal = new JournalFile(path, disk, state);
        var bytes = File.Exists(path) ? File.ReadAllBytes(path) : [];
        var good = Replay(bytes, state, out var damaged);
        if (damaged)
        {
            journal.Problem = $"the journal {path} is damaged at byte {good}; attempts may be missing from it. Delete the pod: its successor begins a new one";
            journal._damaged = true;
            return journal;
        }
        journal.Reopen(() => journal.OpenAt(good, created: bytes.Length == 0));
        return journal;
    }

    /// <summary>Writes entries and applies them; false if they are not durable, and then they are not applied either.</summary>
    public bool Append(params ReadOnlySpan<JournalEntry> entries)
    {
        // After a failed write or fsync the file's contents are not known; a fresh snapshot in a new file is.
        if (_file is null && !Reopen(Compact)) return false;
        using var buffer = new MemoryStream();
        foreach (var entry in entries) WriteRecord(buffer, entry);
        try
        {
            _disk.Write(_file!, buffer.GetBuffer().AsSpan(0, (int)buffer.Length), _length);
            _disk.Flush(_file!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"the journal {_path} cannot be written: {e.Message}";
            CloseFile();
            return false;
        }
        _length += buffer.Length;
        foreach (var entry in entries) State.Apply(entry);
        if (_length > _compactAt) Reopen(Compact);
        return true;
    }

    public void Dispose() => CloseFile();

    private bool Reopen(Action open)
    {
        if (_damaged) return false;
        try
        {
            CloseFile();
            open();
            Problem = null;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problem = $"the journal {_path} cannot be written: {e.Message}";
            CloseFile();
            return false;
        }
    }

    private void OpenAt(long good, bool created)
    {
        _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        RandomAccess.SetLength(_file, good);
        _disk.Flush(_file);
        if (created) _disk.FlushDirectory(Path.GetDirectoryName(_path)!);
        _length = good;
        _compactAt = Math.Max(CompactAtLeast, good * 2);
    }

    private void Compact()
    {
        var fresh = _path + ".new";
        using var buffer = new MemoryStream();
        foreach (var entry in State.Snapshot()) WriteRecord(buffer, entry);
        using (var file = File.OpenHandle(fresh, FileMode.Create, FileAccess.ReadWrite))
        {
            _disk.Write(file, buffer.GetBuffer().AsSpan(0, (int)buffer.Length), 0);
            _disk.Flush(file);
        }
        File.Move(fresh, _path, true);
        _disk.FlushDirectory(Path.GetDirectoryName(_path)!);
        OpenAt(buffer.Length, created: false);
    }

    private void CloseFile()
    {
        _file?.Dispose();
        _file = null;
    }

    private static void WriteRecord(MemoryStream target, JournalEntry entry)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(entry, JournalJson.Default.JournalEntry);
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Checksum(payload));
        target.Write(header);
        target.Write(payload);
    }

    /// <summary>Applies the good records from the start; the answer is where they end.</summary>
    private static long Replay(ReadOnlySpan<byte> bytes, JournalState state, out bool damaged)
    {
        var at = 0;
        while (RecordAt(bytes[at..]) is { } length)
        {
            var entry = JsonSerializer.Deserialize(bytes.Slice(at + HeaderBytes, length), JournalJson.Default.JournalEntry);
            if (entry is not null) state.Apply(entry);
            at += HeaderBytes + length;
        }
        damaged = false;
        // A whole record after a broken one: that is no torn tail.
        for (var later = at + 1; later <= bytes.Length - HeaderBytes && !damaged; later++) damaged = RecordAt(bytes[later..]) is not null;
        return at;
    }

    private static int? RecordAt(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic) return null;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        if (length <= 0 || length > bytes.Length - HeaderBytes) return null;
        return Checksum(bytes.Slice(HeaderBytes, length)) == BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) ? length : null;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
