using System.CommandLine;

namespace Berth.Cli.Verbs;

/// <summary>The options that approve, reject and resolve share.</summary>
internal sealed class DecisionOptions
{
    private readonly Option<string?> comment = new("--comment") { Description = "Why; kept with the decision.", HelpName = "TEXT" };
    private readonly Option<bool> yes = new("--yes", "-y") { Description = "Do not ask." };
    private readonly Option<int> wait = new("--wait") { Description = "Seconds to wait for the operator's verdict; 0 does not wait.", DefaultValueFactory = _ => 30, HelpName = "S" };

    public Argument<string> Task { get; } = new("task") { Description = "Name of the task." };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Task);
        foreach (var option in new Option[] { comment, yes, wait }) command.Options.Add(option);
    }

    public string? Comment(ParseResult result) => result.GetValue(comment);

    public bool IsConfirmed(ParseResult result) => result.GetValue(yes);

    public TimeSpan Wait(ParseResult result) => TimeSpan.FromSeconds(result.GetValue(wait));
}
