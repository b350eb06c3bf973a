using System.CommandLine;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs;

/// <summary>Approves or rejects the plan of a task that waits for it.</summary>
internal static class ApproveCommand
{
    private const int ShortestPrefix = 12;

    public static Command Approve() => Create("approve", "Approve the plan of a task: it is applied.", ApprovalDecision.Approve);

    public static Command Reject() => Create("reject", "Reject the plan of a task: the task ends.", ApprovalDecision.Reject);

    private static Command Create(string verb, string description, ApprovalDecision decision)
    {
        var cluster = new ClusterOptions();
        var options = new DecisionOptions();
        var digest = new Option<string?>("--digest") { Description = "The digest of the plan you mean (sha256:… or its first 12 digits); then nothing is asked.", HelpName = "DIGEST" };
        var command = new Command(verb, description) { digest };
        options.AddTo(command);
        cluster.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var task = await session.TaskAsync(result.GetValue(options.Task)!, cancellationToken);
            var planned = PlannedDigest(task);
            var meant = result.GetValue(digest);
            if (meant is not null && !IsMeant(planned, meant))
                throw new CliException(ExitCodes.OtherDigest, $"The plan of '{task.Metadata.Name}' has digest {planned}, not {meant}; look at it with: berth plan {task.Metadata.Name}");
            Console.Write(PlanSummary.Describe(task));
            if (meant is null && !options.IsConfirmed(result)) Question.MustConfirm($"{verb} this?", $"give --digest {Digests.Short(planned)} or --yes.");
            var spec = new ApprovalSpec { Decision = decision, Digest = planned, Comment = options.Comment(result) };
            return await Decision.MakeAsync(session, task, spec, options.Wait(result), cancellationToken);
        });
        return command;
    }

    private static string PlannedDigest(TaskResource task) => task.Status is { Phase: TaskPhase.ApplyPending, Plan.Digest: { Length: > 0 } digest }
        ? digest
        : throw new CliException(ExitCodes.NotWaiting, $"Task '{task.Metadata.Name}' waits for no approval: it is {task.Status.Phase}{(task.Status.Reason is { } reason ? $" ({reason})" : "")}.");

    internal static bool IsMeant(string planned, string meant)
    {
        var digits = meant.StartsWith("sha256:", StringComparison.Ordinal) ? meant["sha256:".Length..] : meant;
        return digits.Length >= ShortestPrefix && planned["sha256:".Length..].StartsWith(digits, StringComparison.Ordinal);
    }
}
