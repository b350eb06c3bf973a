using System.Text.Json.Nodes;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Yaml;

namespace Berth.Cli.Dev.Demo;

/// <summary>The manifests of deploy/samples/, with their state moved into the demo's own directory.</summary>
internal sealed class Samples
{
    private const string Folder = "deploy/samples";
    private const string StateInSamples = "/var/tmp/berth-samples";
    private const string FirstValue = "first";

    private readonly string state;
    private readonly string flavour;

    public Samples(string state)
    {
        this.state = state;
        UsesTerraform = FindsTerraform;
        flavour = UsesTerraform ? "terraform" : "script";
        // An earlier demo in the same place would leave nothing to do.
        if (Directory.Exists(state)) Directory.Delete(state, recursive: true);
        Directory.CreateDirectory(state);
        // Slots may run under another user than this program does.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(state, (UnixFileMode)0b111_111_111);
    }

    /// <summary>Whether terraform is on PATH.</summary>
    public static bool FindsTerraform => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => d.Length > 0 && File.Exists(Path.Combine(d, "terraform")));

    /// <summary>Real Terraform runs where terraform is on PATH; a small script otherwise.</summary>
    public bool UsesTerraform { get; }

    public static JsonObject Pool() => Read("pool.yaml");

    /// <summary>A task on a workspace that shall hold a value; slow ones take some seconds to plan.</summary>
    public JsonObject Task(string workspace, string value, bool slow)
    {
        var sample = slow ? "sample-archive" : "sample-network";
        return Read($"{flavour}/{(slow ? "slow-" : "")}task.yaml", text => text
            .Replace(sample, workspace, StringComparison.Ordinal)
            .Replace(StateInSamples, state, StringComparison.Ordinal)
            .Replace($"\"{FirstValue}\"", $"\"{value}\"", StringComparison.Ordinal)
            .Replace($"={FirstValue}", $"={value}", StringComparison.Ordinal));
    }

    /// <summary>Whether the world is as the task wanted it: read from the state file that apply wrote.</summary>
    public bool Holds(string workspace, string value)
    {
        var file = Directory.EnumerateFiles(state, workspace + ".*state").FirstOrDefault();
        return file is not null && File.ReadAllText(file).Contains(UsesTerraform ? $"\"{value}\"" : $"greeting={value}", StringComparison.Ordinal);
    }

    private static JsonObject Read(string file, Func<string, string>? change = null)
    {
        var text = File.ReadAllText(Programs.InTree($"{Folder}/{file}"));
        return YamlDocuments.Read(change is null ? text : change(text)).Single();
    }
}
