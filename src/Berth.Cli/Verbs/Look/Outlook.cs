using Berth.Api;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Look;

/// <summary>Why a task stands where it stands, since when, what comes next, and what to type. Read from the task alone.</summary>
internal sealed record Outlook(string Why, DateTimeOffset? Since, string Next, IReadOnlyList<string> Commands)
{
    public static Outlook Of(TaskResource task)
    {
        var status = task.Status;
        var stalled = status.Conditions.FirstOrDefault(c => c is { Type: "Stalled", Status: ConditionStatus.True });
        var (next, commands) = After(task, stalled?.Reason ?? status.Reason);
        var why = status.Message ?? (status.Reason is { } reason ? $"{status.Phase} ({reason})" : status.Phase.ToString());
        if (stalled is { Message: { Length: > 0 } message } && message != why) why += "\n" + message;
        return new(why, status.PhaseSince ?? status.QueuedAt ?? task.Metadata.CreationTimestamp, next, [.. commands.Select(c => c + Namespace(task))]);
    }

    /// <summary>The lines below a table.</summary>
    public string Text()
    {
        var since = Since is { } at ? $"\n{"since",-10}{Ages.Moment(at)}" : "";
        var type = string.Concat(Commands.Select((c, i) => $"\n{(i == 0 ? "type" : ""),-10}{Paint.Bold(c)}"));
        return $"{"why",-10}{Why.ReplaceLineEndings("\n          ")}{since}\n{"next",-10}{Next}{type}\n";
    }

    private static string Namespace(TaskResource task) => task.Metadata.Namespace is { Length: > 0 } ns and not "default" ? $" -n {ns}" : "";

    private static (string Next, string[] Commands) After(TaskResource task, string? reason)
    {
        var (name, pool) = (task.Metadata.Name, task.Spec.PoolRef.Name);
        return task.Status.Phase switch
        {
            _ when task.Metadata.DeletionTimestamp is not null => ("it is being deleted: it goes once nothing of it runs any more and its history is written", [$"berth describe {name}"]),
            TaskPhase.Pending => Pending(task, reason, name, pool),
            TaskPhase.Planning when reason == Reasons.OutputSilent => ("its plan goes on, but prints nothing; nothing ends it by itself", [$"berth logs {name}", $"berth stop {name}"]),
            TaskPhase.Planning => ("its plan runs; then a person approves, or it is over", [$"berth logs {name} --follow"]),
            TaskPhase.ApplyPending => Planned(task, reason, name, pool),
            TaskPhase.Applying or TaskPhase.Running when reason == Reasons.OutputSilent => ("it goes on, but prints nothing; nothing ends it by itself", [$"berth logs {name}", $"berth stop {name}"]),
            TaskPhase.Applying or TaskPhase.Running => ("it runs; its end is recorded as soon as it is known", [$"berth logs {name} --follow"]),
            TaskPhase.ApplyLost when task.Status.Loss is { Fenced: true } => ("nothing by itself: it is proved dead, and a person has to say what it did", [$"berth logs {name}", $"berth resolve {name} succeeded|failed|replan"]),
            TaskPhase.ApplyLost => ("it is proved dead, or its result arrives; until then nothing else runs for this workspace", [$"berth logs {name}", $"berth resolve {name} confirm-dead"]),
            TaskPhase.Stopping => ("it is over once its processes are proved dead", [$"berth logs {name}"]),
            TaskPhase.Succeeded => ("nothing: it is done", []),
            TaskPhase.Failed or TaskPhase.DeadLettered => ("nothing by itself; mend what failed, then run it again", [$"berth logs {name}", $"berth requeue {name}"]),
            _ => ("nothing by itself; it can be run again", [$"berth requeue {name}"]),
        };
    }

    private static (string, string[]) Pending(TaskResource task, string? reason, string name, string pool) => reason switch
    {
        Reasons.WaitingForSlot => ($"it begins when a slot of pool {pool} is free", ["berth queue", $"kubectl scale agentpool {pool} --replicas N"]),
        Reasons.WaitingForWorkspace => ($"it begins when the task that holds workspace {task.Spec.Workspace} is over", ["berth queue"]),
        Reasons.PoolNotFound => ("it begins when that pool exists", ["berth get pools"]),
        Reasons.PoolNotReady => ("it begins when the pool can run something", [$"berth describe pool {pool}"]),
        Reasons.PolicyForbids or Reasons.InvalidSpec => ("nothing by itself: what it runs cannot be changed; create a corrected task", [$"kubectl delete task {name}"]),
        Reasons.InputMissing => ("it begins when what the message names is there", [$"berth describe {name}"]),
        Reasons.SecretForbidden => ("it begins when the operator may read that Secret", [$"berth describe {name}"]),
        Reasons.BackingOff => (task.Status.NotBefore is { } at ? $"the next try begins at {Ages.Moment(at)}" : "the next try begins by itself", [$"berth logs {name}"]),
        Reasons.Suspended => ("nothing, until somebody resumes it", [$"berth resume {name}"]),
        Reasons.HistoryBacklog => ("it begins when the database has caught up", ["berth doctor"]),
        _ => ("it begins by itself", [$"berth describe {name}"]),
    };

    private static (string, string[]) Planned(TaskResource task, string? reason, string name, string pool) => reason switch
    {
        Reasons.AwaitingApproval => ($"a person approves or rejects the plan{Expiry(task)}", [$"berth plan {name}", $"berth approve {name}", $"berth reject {name}"]),
        Reasons.ApprovalPolicyMissing => ("approvals count once the cluster is proved to check who approves", ["berth doctor"]),
        Reasons.WaitingForSlot or Reasons.SlotLost or Reasons.HoldExpired or Reasons.Displaced => ($"the stored plan is restored when a slot of pool {pool} is free; no plan is lost", ["berth queue", $"berth plan {name}"]),
        Reasons.Suspended => ("nothing, until somebody resumes it", [$"berth resume {name}"]),
        Reasons.BackingOff => (task.Status.NotBefore is { } at ? $"the next try begins at {Ages.Moment(at)}" : "the next try begins by itself", [$"berth logs {name}"]),
        Reasons.HistoryBacklog => ("it goes on when the database has caught up", ["berth doctor"]),
        _ when task.Status.Grant is not null => ("apply begins as soon as its slot is ready", [$"berth describe {name}"]),
        _ => ("it goes on by itself", [$"berth describe {name}"]),
    };

    private static string Expiry(TaskResource task) =>
        task.Status.PhaseSince is { } since && task.Spec.Approval?.Timeout is { } timeout && Durations.TryParse(timeout, out var limit) ? $"; it expires at {Ages.Moment(since + limit)}" : "";
}
