using System.Globalization;
using System.Text.Json;
using Berth.Protocol;

namespace Berth.Agent.Spool;

/// <summary>A checkpoint that the operator does not have yet.</summary>
internal sealed record PendingCheckpoint(int Number, string Digest, long Size, string Path);

/// <summary>Checkpoints of one attempt on the agent's own volume: what is not uploaded, the number of the latest, and what the attempt began with.</summary>
internal sealed class CheckpointSpool(string directory)
{
    private const string Prefix = "sha256:";
    private readonly Lock _gate = new();

    /// <summary>Number and digest of the latest; 0 if there is none.</summary>
    public (int Number, string Digest) Last
    {
        get
        {
            if (!File.Exists(LastPath) || File.ReadAllText(LastPath).Split(' ') is not [var number, var digest]) return (0, "");
            return (int.Parse(number, CultureInfo.InvariantCulture), digest);
        }
    }

    /// <summary>What the attempt began with; null before that is settled, or where there was nothing to choose from.</summary>
    public Resumed? Began
    {
        get => field ??= File.Exists(BeganPath) ? JsonSerializer.Deserialize(File.ReadAllBytes(BeganPath), ProtocolJson.Default.Frame) as Resumed : null;
        set
        {
            Write(BeganPath, value is null ? [] : ProtocolJson.Write(value));
            field = value;
        }
    }

    private string LastPath => Path.Combine(directory, "last");

    private string BeganPath => Path.Combine(directory, "began");

    /// <summary>Takes a checkpoint; the oldest that were not uploaded go beyond <paramref name="keep"/>.</summary>
    public int Add(string source, string digest, int keep)
    {
        lock (_gate)
        {
            var number = Last.Number + 1;
            Directory.CreateDirectory(directory);
            File.Move(source, Path.Combine(directory, $"{number.ToString("D8", CultureInfo.InvariantCulture)}-{digest[Prefix.Length..]}"));
            Write(LastPath, System.Text.Encoding.ASCII.GetBytes($"{number.ToString(CultureInfo.InvariantCulture)} {digest}"));
            foreach (var old in Pending().SkipLast(Math.Max(1, keep))) File.Delete(old.Path);
            return number;
        }
    }

    /// <summary>What the attempt begins with is not saved again.</summary>
    public void Baseline(string digest) => Write(LastPath, System.Text.Encoding.ASCII.GetBytes($"0 {digest}"));

    /// <summary>What is not uploaded, oldest first.</summary>
    public IReadOnlyList<PendingCheckpoint> Pending()
    {
        if (!Directory.Exists(directory)) return [];
        return [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(Parse).OfType<PendingCheckpoint>()];
    }

    private static PendingCheckpoint? Parse(string path)
    {
        var (name, file) = (Path.GetFileName(path), new FileInfo(path));
        return name.Length > 9 && name[8] == '-' && int.TryParse(name.AsSpan(0, 8), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && file.Exists
            ? new PendingCheckpoint(number, Prefix + name[9..], file.Length, path) : null;
    }

    private void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, true);
    }
}
