using Berth.Protocol.Runner;
using Microsoft.Win32.SafeHandles;

namespace Berth.Agent.Runner;

/// <summary>The slot's files. Only used while no process of an attempt runs, so what is checked stays true.</summary>
internal sealed class WorkFiles(string root)
{
    private (PutFile Order, FileStream? Stream, string? Error, long Left)? _put;

    public string PathOf(string directory) =>
        directory.Length > 0 && directory is not ("." or "..") && directory.IndexOfAny(['/', '\0']) < 0
            ? Path.Combine(root, directory)
            : throw new InvalidDataException($"not the name of a directory: {directory}");

    public void Fresh(string directory)
    {
        Sweep([]);
        Directory.CreateDirectory(PathOf(directory));
    }

    /// <summary>An empty directory of this name, whatever was there.</summary>
    public void Remake(string directory)
    {
        var path = PathOf(directory);
        if (Path.Exists(path) || new FileInfo(path).LinkTarget is not null) Remove(path);
        Directory.CreateDirectory(path);
    }

    public void Sweep(IReadOnlyList<string> keep)
    {
        Directory.CreateDirectory(root);
        foreach (var entry in Directory.EnumerateFileSystemEntries(root))
        {
            if (!keep.Contains(Path.GetFileName(entry))) Remove(entry);
        }
    }

    /// <summary>Begins a file; true when it is complete already (empty).</summary>
    public bool BeginPut(PutFile order)
    {
        FileStream? stream = null;
        string? error = null;
        try
        {
            var path = Inside(order.Directory, order.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            stream = new FileStream(path, FileMode.Create, FileAccess.Write);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            error = e.Message;
        }
        _put = (order, stream, error, order.Size);
        return order.Size == 0;
    }

    /// <summary>Takes bytes of the file that was begun; true when it is complete.</summary>
    public bool Put(long id, ReadOnlySpan<byte> data)
    {
        if (_put is not { } put || put.Order.Id != id || data.Length > put.Left) throw new InvalidDataException("file data that nobody announced");
        try
        {
            put.Stream?.Write(data);
        }
        catch (IOException e)
        {
            put.Error ??= e.Message;
        }
        put.Left -= data.Length;
        _put = put;
        return put.Left == 0;
    }

    public Done EndPut()
    {
        var (order, stream, error, _) = _put!.Value;
        _put = null;
        try
        {
            stream?.Dispose();
        }
        catch (IOException e)
        {
            error ??= e.Message;
        }
        return new Done { Id = order.Id, Error = error };
    }

    /// <summary>Sends a file; every way it can fail is an answer.</summary>
    public Done Read(ReadFile order, Action<byte[]> send)
    {
        try
        {
            var path = Inside(order.Directory, order.Path);
            if (Directory.Exists(path)) return Fail(order, $"{order.Path} is a directory");
            // Not blocking, so that a pipe in the file's place cannot hold the runner.
            using var handle = new SafeFileHandle(Native.Open(path, Native.OpenCloseOnExec | Native.OpenNonBlocking, 0), true);
            if (handle.IsInvalid) return Fail(order, $"{order.Path} does not exist or cannot be read (error {Native.LastError})", missing: !File.Exists(path));
            var size = RandomAccess.GetLength(handle);
            if (size > order.MaxBytes) return Fail(order, $"{order.Path} has {size} bytes; the limit is {order.MaxBytes}");
            send(RunnerWire.Control(new FileOpened { Id = order.Id, Size = size }));
            var buffer = new byte[RunnerWire.ChunkBytes];
            for (long at = 0; at < size;)
            {
                var count = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - at)), at);
                if (count == 0) return Fail(order, $"{order.Path} became shorter while it was read");
                send(RunnerWire.File(order.Id, buffer.AsSpan(0, count)));
                at += count;
            }
            return new Done { Id = order.Id };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or NotSupportedException)
        {
            return Fail(order, $"{order.Path}: {e.Message}");
        }
    }

    private static Done Fail(ReadFile order, string error, bool missing = false) => new() { Id = order.Id, Error = error, Missing = missing };

    /// <summary>A path below the directory, with no link on the way.</summary>
    private string Inside(string directory, string path)
    {
        var at = PathOf(directory);
        var parts = path.Split('/');
        if (parts.Any(p => p is "" or "." or ".." || p.Contains('\0'))) throw new InvalidDataException($"{path} is not a path below the working directory");
        foreach (var part in parts)
        {
            at = Path.Combine(at, part);
            if (new FileInfo(at).LinkTarget is not null) throw new InvalidDataException($"{path} goes through a symbolic link; only regular files below the working directory count");
        }
        return at;
    }

    private static void Remove(string path)
    {
        try
        {
            RemoveOnce(path);
        }
        catch (UnauthorizedAccessException)
        {
            // Tools leave read-only directories behind (Go's module cache does); they are the slot's own.
            foreach (var directory in Directory.EnumerateDirectories(path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Prepend(path))
            {
                File.SetUnixFileMode(directory, File.GetUnixFileMode(directory) | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            RemoveOnce(path);
        }
    }

    private static void RemoveOnce(string path)
    {
        if (new FileInfo(path).LinkTarget is null && Directory.Exists(path)) Directory.Delete(path, true);
        else File.Delete(path);
    }
}
