using System.CommandLine;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Look;

namespace Berth.Cli.Verbs.Decide;

/// <summary>The options that approve, reject and resolve share.</summary>
internal sealed class DecisionOptions
{
    private readonly Option<string?> comment = new("--comment") { Description = "Why; kept with the decision.", HelpName = "TEXT" };
    private readonly Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
    private readonly Option<int> wait = new("--wait") { Description = "Seconds to wait for the operator's verdict; 0 does not wait.", DefaultValueFactory = _ => 30, HelpName = "S" };
    private readonly Option<bool> dryRun = new("--dry-run") { Description = "Ask the server whether it would take the decision; record nothing." };

    public Argument<string> Task { get; } = new("task") { Description = "Name of the task." };

    public void AddTo(Command command, ClusterOptions cluster)
    {
        Task.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        command.Arguments.Add(Task);
        foreach (var option in new Option[] { comment, yes, wait, dryRun }) command.Options.Add(option);
        wait.Take(0, int.MaxValue, "a number of seconds, 0 or more");
    }

    public string? Comment(ParseResult result) => result.GetValue(comment);

    /// <summary>Whether nothing is to be asked: on request, and when nothing is done.</summary>
    public bool IsConfirmed(ParseResult result) => result.GetValue(yes) || result.GetValue(dryRun);

    public bool IsDryRun(ParseResult result) => result.GetValue(dryRun);

    public TimeSpan Wait(ParseResult result) => TimeSpan.FromSeconds(result.GetValue(wait));
}
