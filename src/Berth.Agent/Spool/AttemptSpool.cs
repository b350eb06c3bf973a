using System.Text.Json;
using Berth.Protocol;

namespace Berth.Agent.Spool;

/// <summary>
/// Files of one attempt on the agent's own volume: the order (with its secrets, until the attempt is over; the volume is the
/// agent's alone), output, and artifacts on their way to the operator.
/// </summary>
internal sealed class AttemptSpool
{
    private readonly string _directory;

    private AttemptSpool(string directory, OutputSpool output) => (_directory, Output, Checkpoints) = (directory, output, new CheckpointSpool(Path.Combine(directory, "checkpoints")));

    public OutputSpool Output { get; }

    /// <summary>Checkpoints on their way to the operator, and what the attempt began with.</summary>
    public CheckpointSpool Checkpoints { get; }

    private string OrderPath => Path.Combine(_directory, "order.json");

    public static string Root(string stateDirectory) => Path.Combine(stateDirectory, "attempts");

    public static AttemptSpool Open(string stateDirectory, string attempt, long outputLimit)
    {
        var directory = Path.Combine(Root(stateDirectory), attempt);
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new AttemptSpool(directory, new OutputSpool(Path.Combine(directory, "output"), outputLimit));
    }

    public void SaveOrder(Assign order)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using var file = new FileStream(OrderPath, options);
        JsonSerializer.Serialize(file, order, ProtocolJson.Default.Assign);
        file.Flush(true);
    }

    /// <summary>The order, unless the attempt is over or the file never became whole.</summary>
    public Assign? LoadOrder()
    {
        if (!File.Exists(OrderPath)) return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(OrderPath), ProtocolJson.Default.Assign);
        }
        catch (JsonException)
        {
            return null; // torn before the attempt was accepted
        }
    }

    public void ForgetOrder() => File.Delete(OrderPath);

    /// <summary>Where the bytes of this digest lie.</summary>
    public string ArtifactPath(string digest) => Path.Combine(_directory, "artifact-" + digest.Replace("sha256:", "", StringComparison.Ordinal));

    /// <summary>A new file for bytes whose digest is not known yet.</summary>
    public string Scratch() => Path.Combine(_directory, "scratch-" + Guid.NewGuid().ToString("N"));

    public void ForgetArtifacts()
    {
        foreach (var file in Directory.EnumerateFiles(_directory))
        {
            if (Path.GetFileName(file).StartsWith("artifact-", StringComparison.Ordinal) || Path.GetFileName(file).StartsWith("scratch-", StringComparison.Ordinal)) File.Delete(file);
        }
    }

    public void Delete()
    {
        Output.Dispose();
        if (Directory.Exists(_directory)) Directory.Delete(_directory, true);
    }
}
