namespace Berth.Cli.Dev.Stack;

/// <summary>How far starting has come, as the supervisor tells it to the `up` that waits.</summary>
internal sealed record StartState(string Word, string Text, string? Log = null)
{
    public const string Starting = "starting";
    public const string Ready = "ready";
    public const string Failed = "failed";

    public void Write(InstanceDirectory directory) => InstanceDirectory.Replace(directory.State, $"{Word}\n{Text}\n{Log}\n");

    /// <summary>The last state written; null before the first.</summary>
    public static StartState? Read(InstanceDirectory directory)
    {
        if (!File.Exists(directory.State)) return null;
        var lines = File.ReadAllText(directory.State).Split('\n');
        return new(lines[0], lines[1], lines[2].Length == 0 ? null : lines[2]);
    }
}
