using System.CommandLine;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Decide;

/// <summary>Says what became of an apply whose pod was lost.</summary>
internal static class ResolveCommand
{
    private static readonly Dictionary<string, (ApprovalDecision Decision, string Means)> Words = new(StringComparer.Ordinal)
    {
        ["confirm-dead"] = (ApprovalDecision.ConfirmDead, "its processes are certainly dead"),
        ["succeeded"] = (ApprovalDecision.MarkSucceeded, "it did its work: the task has succeeded"),
        ["failed"] = (ApprovalDecision.MarkFailed, "it failed: the task has failed"),
        ["replan"] = (ApprovalDecision.Replan, "plan again"),
    };

    public static Command Create(ClusterOptions cluster)
    {
        var options = new DecisionOptions();
        var outcome = new Argument<string>("outcome") { Description = string.Join(", ", Words.Select(w => $"{w.Key}: {w.Value.Means}")) + "." };
        outcome.AcceptOnlyFromAmong([.. Words.Keys]);
        var command = new Command("resolve", "Say what became of an apply whose pod was lost.");
        options.AddTo(command, cluster);
        command.Arguments.Add(outcome);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var task = await session.TaskAsync(result.GetValue(options.Task)!, cancellationToken);
            var (decision, means) = Words[result.GetValue(outcome)!];
            var loss = task.Status.Loss ?? throw new CliException(ExitCodes.NotWaiting, $"Task '{task.Metadata.Name}' has lost no apply: it is {task.Status.Phase}.");
            Console.WriteLine($"{task.Metadata.Namespace}/{task.Metadata.Name}: attempt {loss.Attempt} lost at {loss.Since:yyyy-MM-dd HH:mm:ss} UTC ({loss.Cause}); {(loss.Fenced ? "proved dead" : "not yet proved dead")}");
            if (!options.IsConfirmed(result)) Question.MustConfirm($"Do you say that {means}?", "give --yes.");
            var spec = new ApprovalSpec { Decision = decision, Attempt = loss.Attempt, Comment = options.Comment(result) };
            return await Decision.MakeAsync(session, task, spec, options.Wait(result), options.IsDryRun(result), cancellationToken);
        });
        return command;
    }
}
