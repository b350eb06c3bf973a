using Berth.Api;
using Berth.Cli.Access;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Decide;

/// <summary>Writes an Approval under the user's own name and tells the operator's verdict on it.</summary>
internal static class Decision
{
    private const string Accepted = "Accepted";

    /// <summary>Writes it, says so, and waits for the verdict; returns the exit code.</summary>
    public static async Task<int> MakeAsync(ClusterSession session, TaskResource task, ApprovalSpec what, TimeSpan wait, bool dryRun, CancellationToken cancellationToken)
    {
        var created = await WriteAsync(session, task, what, cancellationToken, dryRun);
        if (dryRun)
        {
            Console.WriteLine($"{what.Decision} by {created.Spec.Approver}: the server would take it (dry run; nothing is recorded)");
            return ExitCodes.Done;
        }
        Console.WriteLine($"approval {created.Metadata.Name}: {what.Decision} by {created.Spec.Approver}");
        return wait == TimeSpan.Zero ? ExitCodes.Done : await VerdictAsync(session, created.Metadata.Name, wait, cancellationToken);
    }

    /// <summary>Writes it for the task as it was read, under the user's name.</summary>
    public static async Task<ApprovalResource> WriteAsync(ClusterSession session, TaskResource task, ApprovalSpec what, CancellationToken cancellationToken, bool dryRun = false)
    {
        var approver = await session.UserNameAsync(cancellationToken);
        var approval = new ApprovalResource
        {
            Metadata = new()
            {
                GenerateName = $"{Shortened(task.Metadata.Name)}-{what.Decision.ToString().ToLowerInvariant()}-",
                Namespace = session.Namespace,
                OwnerReferences = [new() { ApiVersion = Names.ApiVersion, Kind = "Task", Name = task.Metadata.Name, Uid = task.Metadata.Uid }],
            },
            Spec = what with
            {
                TaskRef = new() { Name = task.Metadata.Name, Uid = task.Metadata.Uid },
                Run = task.Status.Run,
                Workspace = task.Spec.Workspace,
                Approver = approver,
            },
        };
        return await session.Client.CreateAsync(BerthResources.Approvals, approval, session.Namespace, new() { DryRun = dryRun }, cancellationToken);
    }

    private static async Task<int> VerdictAsync(ClusterSession session, string name, TimeSpan wait, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(wait);
        try
        {
            while (true)
            {
                await foreach (var change in session.Client.WatchAsync(BerthResources.Approvals, session.Namespace, new() { FieldSelector = $"metadata.name={name}" }, limit.Token))
                {
                    if (change.Type == WatchEventType.Deleted) throw new CliException(ExitCodes.NotAccepted, $"Approval {name} was deleted before there was a verdict.");
                    if (change.Object?.Status.Conditions.FirstOrDefault(c => c.Type == Accepted && c.Status != ConditionStatus.Unknown) is { } verdict) return Tell(verdict);
                }
            }
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && limit.IsCancellationRequested && error is OperationCanceledException or KubernetesException)
        {
            await Console.Error.WriteLineAsync($"No verdict within {wait.TotalSeconds:0} s. The decision is recorded; look later with: berth describe approval {name} -n {session.Namespace}");
            return ExitCodes.NoVerdict;
        }
    }

    private static int Tell(Berth.Api.Condition verdict)
    {
        var isAccepted = verdict.Status == ConditionStatus.True;
        (isAccepted ? Console.Out : Console.Error).WriteLine($"{(isAccepted ? "accepted" : "not accepted: " + verdict.Reason)}{(verdict.Message is { Length: > 0 } message ? ": " + message : "")}");
        return isAccepted ? ExitCodes.Done : ExitCodes.NotAccepted;
    }

    // The server cuts what it generates names from; the decision shall still be readable.
    private static string Shortened(string name) => name.Length <= 40 ? name : name[..40].TrimEnd('-', '.');
}
