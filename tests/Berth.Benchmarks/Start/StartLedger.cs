using System.Globalization;

namespace Berth.Benchmarks.Start;

/// <summary>The file to which commands write their name and the time at which they began.</summary>
internal sealed class StartLedger(string path)
{
    private readonly Dictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);
    private long _read;

    public async Task<DateTimeOffset> StartedAsync(string name, TimeSpan limit)
    {
        await Machinery.Wait.UntilAsync(() => Read().ContainsKey(name), limit, $"{name} started", 1);
        return _seen[name];
    }

    private Dictionary<string, DateTimeOffset> Read()
    {
        if (!File.Exists(path)) return _seen;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.Length == _read) return _seen;
        file.Position = _read;
        using var reader = new StreamReader(file);
        var text = reader.ReadToEnd();
        var whole = text.LastIndexOf('\n') + 1;
        foreach (var line in text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            _seen[words[0]] = DateTimeOffset.UnixEpoch.AddSeconds((double)decimal.Parse(words[1], CultureInfo.InvariantCulture));
        }
        _read += System.Text.Encoding.UTF8.GetByteCount(text[..whole]);
        return _seen;
    }
}
