using System.CommandLine;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Steer;

/// <summary>The options that every verb has which changes something.</summary>
internal sealed class ActingOptions
{
    private readonly Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Ask the server whether it would do it; change nothing." };
    private readonly Option<string?> comment = new("--comment") { Description = "Why; kept with the change.", HelpName = "TEXT" };
    private readonly Option<int> wait = new("--wait") { Description = "Seconds to wait until it has happened; 0 does not wait.", HelpName = "S" };

    public void AddTo(Command command, int? waitsFor = null)
    {
        foreach (var option in new Option[] { yes, dryRun, comment }) command.Options.Add(option);
        if (waitsFor is not { } seconds) return;
        wait.DefaultValueFactory = _ => seconds;
        wait.Take(0, int.MaxValue, "a number of seconds, 0 or more");
        command.Options.Add(wait);
    }

    public bool IsDryRun(ParseResult result) => result.GetValue(dryRun);

    /// <summary>Whether nothing is to be asked: on request, and when nothing is done.</summary>
    public bool IsConfirmed(ParseResult result) => result.GetValue(yes) || result.GetValue(dryRun);

    public string? Comment(ParseResult result) => result.GetValue(comment);

    public TimeSpan Wait(ParseResult result) => result.GetValue(dryRun) ? TimeSpan.Zero : TimeSpan.FromSeconds(result.GetValue(wait));
}
