using System.Diagnostics;
using System.Globalization;
using Berth.Api;

namespace Berth.Cli.Dev.Demo;

/// <summary>Prints the story: colours on a terminal, plain lines in a pipe.</summary>
internal sealed class Narrator
{
    private const string Bold = "1", Dim = "2", Red = "31", Green = "32", Yellow = "33", Cyan = "36";

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Lock gate = new();
    private readonly bool colours = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>A heading: what is shown next.</summary>
    public void Chapter(string text) => Print($"\n{Paint(Bold, text)}");

    /// <summary>Something the demo itself does.</summary>
    public void Act(string text) => Line(Paint(Cyan, text));

    /// <summary>Something violent that the demo does.</summary>
    public void Strike(string text) => Line(Paint(Red, text));

    /// <summary>A task entered a phase.</summary>
    public void Phase(string workspace, TaskPhase phase, string detail) =>
        Line($"{workspace,-10} {Paint(ColourOf(phase), $"{phase,-12}")} {Paint(Dim, detail)}");

    /// <summary>Whether something that was promised is true.</summary>
    public void Check(bool holds, string text) => Print($"  {(holds ? Paint(Green, "ok") : Paint(Red, "NO"))}  {text}");

    public void Print(string text)
    {
        lock (gate) Console.WriteLine(text);
    }

    public TimeSpan Elapsed => clock.Elapsed;

    private void Line(string text) => Print(string.Create(CultureInfo.InvariantCulture, $"{Paint(Dim, $"{clock.Elapsed.TotalSeconds,6:0.0}s")}  {text}"));

    private static string ColourOf(TaskPhase phase) => phase switch
    {
        TaskPhase.Succeeded => Green,
        TaskPhase.ApplyPending => Yellow,
        TaskPhase.Planning or TaskPhase.Applying or TaskPhase.Running => Cyan,
        TaskPhase.Pending => Dim,
        _ => Red,
    };

    private string Paint(string code, string text) => colours ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
