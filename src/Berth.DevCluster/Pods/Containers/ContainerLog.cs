using System.Globalization;
using System.Text;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>
/// One container run's output, a line each in the CRI's form (<c>time stream F text</c>), kept in a file and one older
/// file once it has grown past its limit.
/// </summary>
internal sealed class ContainerLog : IDisposable
{
    private const int LongestLine = 16 * 1024;

    private readonly Lock _gate = new();
    private readonly long _limit;
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();
    private FileStream _file;
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ContainerLog(string path, long limit)
    {
        Path = path;
        _limit = limit;
        _file = Open(FileMode.Append);
    }

    public string Path { get; }

    /// <summary>The file that was full, or a path where none is.</summary>
    public string OlderPath => Path + ".1";

    /// <summary>Counts files begun; a reader that sees it change goes on in the new file.</summary>
    public int Generation { get; private set; }

    /// <summary>No more output comes.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Completes with the next output or the end.</summary>
    public Task Grown
    {
        get
        {
            lock (_gate)
            {
                return IsComplete ? Task.CompletedTask : _grown.Task;
            }
        }
    }

    public void Append(bool error, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (IsComplete)
            {
                return;
            }

            MemoryStream line = error ? _error : _output;
            using var lines = new MemoryStream();
            while (bytes.Length > 0)
            {
                int end = bytes.IndexOf((byte)'\n');
                int take = Math.Min(end < 0 ? bytes.Length : end, LongestLine - (int)line.Length);
                line.Write(bytes[..take]);
                bool whole = end == take;
                bytes = bytes[(whole ? take + 1 : take)..];
                if (whole || line.Length == LongestLine)
                {
                    Flush(line, error, whole, lines);
                }
            }

            Write(lines);
        }
    }

    public void Complete()
    {
        lock (_gate)
        {
            if (IsComplete)
            {
                return;
            }

            using var rest = new MemoryStream();
            foreach (var (line, error) in new[] { (_output, false), (_error, true) })
            {
                if (line.Length > 0)
                {
                    Flush(line, error, true, rest);
                }
            }

            Write(rest);
            IsComplete = true;
            _file.Dispose();
            _grown.TrySetResult();
        }
    }

    public void Dispose()
    {
        Complete();
        _output.Dispose();
        _error.Dispose();
    }

    private static void Flush(MemoryStream line, bool error, bool whole, MemoryStream into)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
        into.Write(Encoding.ASCII.GetBytes($"{time} {(error ? "stderr" : "stdout")} {(whole ? 'F' : 'P')} "));
        line.WriteTo(into);
        into.WriteByte((byte)'\n');
        line.SetLength(0);
    }

    private void Write(MemoryStream lines)
    {
        if (lines.Length == 0)
        {
            return;
        }

        if (_file.Position > 0 && _file.Position + lines.Length > _limit)
        {
            _file.Dispose();
            File.Move(Path, OlderPath, overwrite: true);
            _file = Open(FileMode.Create);
            Generation++;
        }

        lines.WriteTo(_file);
        TaskCompletionSource grown = _grown;
        _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        grown.TrySetResult();
    }

    private FileStream Open(FileMode mode) =>
        new(Path, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
