using System.Globalization;
using System.Text;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>Which part of a log is wanted.</summary>
internal sealed record LogQuery(bool Follow, bool Timestamps, long? TailLines, long? LimitBytes, DateTimeOffset? Since);

/// <summary>Copies a container's log, and goes on as it grows.</summary>
internal static class LogReader
{
    public static async Task CopyAsync(ContainerLog log, LogQuery query, Stream into, CancellationToken cancel)
    {
        int generation = log.Generation;
        List<string> kept = [];
        if (File.Exists(log.OlderPath))
        {
            kept.AddRange(await File.ReadAllLinesAsync(log.OlderPath, cancel));
        }

        await using var first = Open(log.Path);
        var reader = new LineReader(first);
        while (reader.Next() is { } line)
        {
            kept.Add(line);
        }

        IEnumerable<string> wanted = kept.Where(line => query.Since is null || Time(line) >= query.Since);
        if (query.TailLines is { } tail)
        {
            wanted = wanted.TakeLast((int)Math.Min(tail, int.MaxValue));
        }

        var output = new Output(into, query);
        foreach (string line in wanted)
        {
            if (!await output.WriteAsync(line, cancel))
            {
                return;
            }
        }

        await into.FlushAsync(cancel);
        if (query.Follow)
        {
            await FollowAsync(log, generation, reader, output, cancel);
        }
    }

    private static async Task FollowAsync(ContainerLog log, int generation, LineReader reader, Output output, CancellationToken cancel)
    {
        while (true)
        {
            // Taken before reading: what comes in between completes it.
            Task grown = log.Grown;
            bool complete = log.IsComplete, turned = log.Generation != generation, any = false;
            while (reader.Next() is { } line)
            {
                any = true;
                if (!await output.WriteAsync(line, cancel))
                {
                    return;
                }
            }

            if (any)
            {
                await output.FlushAsync(cancel);
            }
            else if (turned)
            {
                generation = log.Generation;
                reader.Dispose();
                reader = new LineReader(Open(log.Path));
            }
            else if (complete)
            {
                return;
            }
            else
            {
                await grown.WaitAsync(cancel);
            }
        }
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static DateTimeOffset Time(string line) => DateTimeOffset.TryParse(
        line.AsSpan(0, Math.Max(0, line.IndexOf(' '))), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : default;

    private sealed class Output(Stream into, LogQuery query)
    {
        private long _left = query.LimitBytes ?? long.MaxValue;
        private bool _continued;

        public Task FlushAsync(CancellationToken cancel) => into.FlushAsync(cancel);

        /// <summary>False once the limit is reached.</summary>
        public async Task<bool> WriteAsync(string line, CancellationToken cancel)
        {
            string[] parts = line.Split(' ', 4);
            string text = parts[^1] + (parts[2] == "F" ? "\n" : "");
            if (query.Timestamps && !_continued)
            {
                text = $"{parts[0]} {text}";
            }

            _continued = parts[2] == "P";
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            int take = (int)Math.Min(bytes.Length, _left);
            await into.WriteAsync(bytes.AsMemory(0, take), cancel);
            _left -= take;
            return _left > 0;
        }
    }

    /// <summary>Whole lines of a file that is still written to.</summary>
    private sealed class LineReader(FileStream file) : IDisposable
    {
        private readonly MemoryStream _line = new();
        private readonly byte[] _buffer = new byte[16 * 1024];
        private int _at;
        private int _length;

        public string? Next()
        {
            while (true)
            {
                if (_at == _length)
                {
                    _length = file.Read(_buffer);
                    _at = 0;
                    if (_length == 0)
                    {
                        return null;
                    }
                }

                Span<byte> rest = _buffer.AsSpan(_at, _length - _at);
                int end = rest.IndexOf((byte)'\n');
                _line.Write(end < 0 ? rest : rest[..end]);
                _at += end < 0 ? rest.Length : end + 1;
                if (end >= 0)
                {
                    string text = Encoding.UTF8.GetString(_line.GetBuffer(), 0, (int)_line.Length);
                    _line.SetLength(0);
                    return text;
                }
            }
        }

        public void Dispose() => file.Dispose();
    }
}
