using System.Formats.Tar;
using Berth.Protocol.Runner;

namespace Berth.Agent.Runner;

/// <summary>
/// Directories as tar, for checkpoints. The same files make the same bytes: sorted, without owners. A file that changes while it is read
/// spoils the save, not the command: the next one is due soon.
/// </summary>
internal sealed class WorkTrees(WorkFiles files)
{
    private const int MostEntries = 100_000;
    private int _reading;

    /// <summary>Sends a tree from a thread of its own, so that orders are heard meanwhile.</summary>
    public void Read(ReadTree order, Action<byte[]> send)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            send(RunnerWire.Control(new Done { Id = order.Id, Error = "another save is under way" }));
            return;
        }
        new Thread(() =>
        {
            var error = Attempt(() => Send(order, send));
            Interlocked.Exchange(ref _reading, 0);
            send(RunnerWire.Control(new Done { Id = order.Id, Error = error }));
        })
        { IsBackground = true, Name = "save" }.Start();
    }

    /// <summary>Makes a directory from a tar; every way it can fail is an answer.</summary>
    public Done Unpack(UnpackTree order)
    {
        var tar = order.From is null ? null : Path.Combine(files.PathOf(order.From), order.Path);
        var error = Attempt(() =>
        {
            files.Remake(order.Directory);
            if (tar is not null) Extract(tar, files.PathOf(order.Directory));
        });
        if (tar is not null) error ??= Attempt(() => File.Delete(tar));
        return new Done { Id = order.Id, Error = error };
    }

    private static string? Attempt(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or FormatException or ArgumentException)
        {
            return e.Message;
        }
    }

    private void Send(ReadTree order, Action<byte[]> send)
    {
        var root = files.PathOf(order.Directory);
        using var frames = new FrameStream(order.Id, order.MaxBytes, send);
        using (var tar = new TarWriter(frames, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in Entries(root)) Write(tar, entry, Path.GetRelativePath(root, entry.FullName));
        }
        frames.Flush();
    }

    private static IEnumerable<FileSystemInfo> Entries(string root)
    {
        var found = new DirectoryInfo(root)
            .EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(e => e.FullName != Path.Combine(root, CheckpointFiles.SaveRequest))
            .Take(MostEntries + 1).OrderBy(e => e.FullName, StringComparer.Ordinal).ToList();
        return found.Count <= MostEntries ? found : throw new IOException($"the checkpoint directory has more than {MostEntries} files");
    }

    private static void Write(TarWriter tar, FileSystemInfo entry, string name)
    {
        // Dates are left out: a file written again with the same content is no news.
        if (entry is DirectoryInfo)
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name + "/") { Mode = entry.UnixFileMode, ModificationTime = DateTimeOffset.UnixEpoch });
            return;
        }
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(Native.Open(entry.FullName, Native.OpenCloseOnExec | Native.OpenNonBlocking | Native.OpenNoFollow, 0), true);
        if (handle.IsInvalid) throw new IOException($"{name} vanished or cannot be read while it was saved; write a new file beside it and rename it");
        if (Content(handle, name) is not { } content) return;
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = entry.UnixFileMode, ModificationTime = DateTimeOffset.UnixEpoch, DataStream = content });
    }

    private static SizedFile? Content(Microsoft.Win32.SafeHandles.SafeFileHandle handle, string name)
    {
        try
        {
            return new SizedFile(handle, name);
        }
        catch (NotSupportedException)
        {
            return null; // a pipe; it has no content to keep
        }
    }

    private static void Extract(string tar, string root)
    {
        using var file = File.OpenRead(tar);
        using var reader = new TarReader(file);
        while (reader.GetNextEntry() is { } entry)
        {
            var parts = entry.Name.TrimEnd('/').Split('/');
            if (parts.Any(p => p is "" or "." or "..") || entry.Name.Contains('\0')) throw new InvalidDataException($"the checkpoint has an entry {entry.Name}, which is no path below its directory");
            var path = Path.Combine([root, .. parts]);
            if (entry.EntryType == TarEntryType.Directory) Directory.CreateDirectory(path);
            else if (entry.EntryType == TarEntryType.RegularFile) Extract(entry, path);
            else throw new InvalidDataException($"the checkpoint has an entry {entry.Name} of type {entry.EntryType}; only files and directories are saved");
        }
    }

    private static void Extract(TarEntry entry, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        entry.ExtractToFile(path, overwrite: false);
    }

    /// <summary>What is written goes out in file frames.</summary>
    private sealed class FrameStream(long id, long most, Action<byte[]> send) : Stream
    {
        private readonly byte[] _buffer = new byte[RunnerWire.ChunkBytes];
        private int _used;
        private long _total;

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> data)
        {
            _total += data.Length;
            if (_total > most) throw new IOException($"the checkpoint directory has more than {most} bytes");
            while (data.Length > 0)
            {
                var count = Math.Min(data.Length, _buffer.Length - _used);
                data[..count].CopyTo(_buffer.AsSpan(_used));
                data = data[count..];
                _used += count;
                if (_used == _buffer.Length) Flush();
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            if (_used > 0) send(RunnerWire.File(id, _buffer.AsSpan(0, _used)));
            _used = 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }

    /// <summary>A file as long as it was when it was opened.</summary>
    private sealed class SizedFile(Microsoft.Win32.SafeHandles.SafeFileHandle handle, string name) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => true;
        public override bool CanWrite => false;
        public override long Length { get; } = RandomAccess.GetLength(handle);
        public override long Position { get; set; }

        public override int Read(Span<byte> buffer)
        {
            var wanted = (int)Math.Min(buffer.Length, Length - Position);
            if (wanted <= 0) return 0;
            var count = RandomAccess.Read(handle, buffer[..wanted], Position);
            if (count == 0) throw new IOException($"{name} became shorter while it was saved; write a new file beside it and rename it");
            Position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override long Seek(long offset, SeekOrigin origin) => Position = origin switch { SeekOrigin.Begin => offset, SeekOrigin.Current => Position + offset, _ => Length + offset };
        public override void Flush() { }
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
