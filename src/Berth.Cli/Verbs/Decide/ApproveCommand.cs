using System.CommandLine;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Look;

namespace Berth.Cli.Verbs.Decide;

/// <summary>Approves or rejects the plan of a task that waits for it.</summary>
internal static class ApproveCommand
{
    private const int ShortestPrefix = 12;

    public static Command Approve(ClusterOptions cluster) => Create(cluster, "approve", "Approve the plan of a task: it is applied.", ApprovalDecision.Approve);

    public static Command Reject(ClusterOptions cluster) => Create(cluster, "reject", "Reject the plan of a task: the task ends.", ApprovalDecision.Reject);

    private static Command Create(ClusterOptions cluster, string verb, string description, ApprovalDecision decision)
    {
        var options = new DecisionOptions();
        var digest = new Option<string?>("--digest") { Description = "The digest of the plan you mean (sha256:… or its first 12 digits); then nothing is asked.", HelpName = "DIGEST" };
        digest.Validators.Add(r => { if (!IsDigest(r.GetValueOrDefault<string?>() ?? "")) r.AddError("--digest takes sha256:… or at least 12 of its digits; 'berth plan TASK' shows it."); });
        var command = new Command(verb, description) { digest };
        options.AddTo(command, cluster);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var task = await session.TaskAsync(result.GetValue(options.Task)!, cancellationToken);
            var planned = PlannedDigest(task);
            var meant = result.GetValue(digest);
            if (meant is not null && !IsMeant(planned, meant))
                throw new CliException(ExitCodes.OtherDigest, $"The plan of '{task.Metadata.Name}' has digest {planned}, not {meant}; look at it with: berth plan {task.Metadata.Name}");
            var asks = meant is null && !options.IsConfirmed(result);
            Console.WriteLine(PlanSummary.Describe(task));
            await ShowAsync(session, task, planned, mustBeSeen: asks, cancellationToken);
            if (asks) Question.MustConfirm($"{char.ToUpperInvariant(verb[0])}{verb[1..]} this?", $"give --digest {Digests.Short(planned)} or --yes.");
            var spec = new ApprovalSpec { Decision = decision, Digest = planned, Comment = options.Comment(result) };
            return await Decision.MakeAsync(session, task, spec, options.Wait(result), options.IsDryRun(result), cancellationToken);
        });
        return command;
    }

    // Who is asked must have seen what; who names the digest has.
    private static async Task ShowAsync(ClusterSession session, TaskResource task, string planned, bool mustBeSeen, CancellationToken cancellationToken)
    {
        try
        {
            Console.WriteLine(await PlanCommand.ReadAsync(session, task, cancellationToken));
        }
        catch (CliException error) when (task.Status.Plan?.TextDigest is null || !mustBeSeen)
        {
            await Console.Error.WriteLineAsync(error.Message);
        }
        catch (CliException error)
        {
            throw new CliException(error.ExitCode, $"The plan cannot be shown, so it is not asked about: {error.Message}\nTo decide without it, give --digest {Digests.Short(planned)}.");
        }
    }

    private static string PlannedDigest(TaskResource task) => task.Status is { Phase: TaskPhase.ApplyPending, Plan.Digest: { Length: > 0 } digest, Grant: null }
        ? digest
        : throw new CliException(ExitCodes.NotWaiting, $"Task '{task.Metadata.Name}' waits for no approval: it is {task.Status.Phase}{(task.Status.Reason is { } reason ? $" ({reason})" : "")}{(task.Status.Grant is { } grant ? $", approved by {grant.Approver ?? "its policy"}" : "")}.");

    internal static bool IsDigest(string text) => Digits(text) is { Length: >= ShortestPrefix and <= 64 } digits && digits.All(char.IsAsciiHexDigitLower);

    internal static bool IsMeant(string planned, string meant) => IsDigest(meant) && Digits(planned).StartsWith(Digits(meant), StringComparison.Ordinal);

    private static string Digits(string digest) => digest.StartsWith("sha256:", StringComparison.Ordinal) ? digest["sha256:".Length..] : digest;
}
