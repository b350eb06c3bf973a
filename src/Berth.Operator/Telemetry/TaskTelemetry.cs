using System.Collections.Concurrent;
using System.Diagnostics;
using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Operator.Agents;
using Berth.Protocol;

namespace Berth.Operator.Telemetry;

/// <summary>Turns written decisions into metrics and spans.</summary>
internal sealed class TaskTelemetry(OperatorMetrics metrics, TaskTraces traces, AgentRegistry agents, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Wait> _waits = new(StringComparer.Ordinal);
    private long _decided = time.GetTimestamp();

    /// <summary>Time since anything was decided.</summary>
    public TimeSpan SinceDecision => time.GetElapsedTime(Volatile.Read(ref _decided));

    /// <summary>Puts log lines of a block into the task's trace.</summary>
    public static Activity Correlate(TaskResource task) => TaskTraces.Correlate(task);

    /// <summary>Takes a decision that was written.</summary>
    public void Decided(TaskResource before, TaskResource after, TaskDecision decision)
    {
        Volatile.Write(ref _decided, time.GetTimestamp());
        if (ReferenceEquals(before.Status, after.Status) && decision.Transitions.Count == 0) return;
        var now = time.GetUtcNow();
        NoteAttempt(before, after, decision, now);
        NoteWait(before, after, now);
        var (since, run) = (before.Status.PhaseSince ?? before.Status.QueuedAt ?? before.Metadata.CreationTimestamp ?? now, before.Status.Run);
        foreach (var transition in decision.Transitions)
        {
            var (from, to) = (transition.Row.From, transition.Row.To);
            metrics.TaskMoved(transition, now - since);
            if (from == to) continue;
            if (from.IsTerminal()) run = after.Status.Run;
            else traces.PhaseLeft(before, run, transition, since, now);
            if (to.IsTerminal()) traces.RunEnded(after, run, before.Status.QueuedAt ?? before.Metadata.CreationTimestamp ?? since, now);
            since = now;
        }
    }

    /// <summary>An agent's upload is over.</summary>
    public void Uploaded(TaskResource task, Uploaded upload)
    {
        if (upload is not { Since: { } since, Until: { } until }) return;
        var run = task.Status.Attempt is { } attempt && attempt.Id == upload.Attempt ? attempt.Run : task.Status.Run;
        traces.StageEnded(task, upload.Attempt, run, new AttemptStage(AttemptStages.Upload, since, until));
    }

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(string uid) => _waits.TryRemove(uid, out _);

    private void NoteAttempt(TaskResource before, TaskResource after, TaskDecision decision, DateTimeOffset now)
    {
        if (before.Status.Attempt is not { EndedAt: null } open) return;
        AttemptStatus? ended = after.Status.Attempt switch
        {
            { EndedAt: not null } same when same.Id == open.Id => same,
            // The next attempt has already taken its place: what happened tells how this one ended.
            { } next when next.Id != open.Id => open with { EndedAt = now, Outcome = OutcomeOf(decision) },
            _ => null,
        };
        if (ended is null) return;
        metrics.AttemptEnded(ended);
        traces.AttemptEnded(before, ended, before.Status.PhaseSince ?? now);
        foreach (var stage in agents.Facts(open.PodUid)?.Attempts.GetValueOrDefault(open.Id)?.End?.Stages ?? []) traces.StageEnded(before, open.Id, open.Run, stage);
    }

    private static string OutcomeOf(TaskDecision decision) => decision.Transitions.Select(t => t.Row.Signal).FirstOrDefault() switch
    {
        TaskSignal.PlanSucceeded or TaskSignal.PlanRestored or TaskSignal.PlanNoChanges or TaskSignal.PlanOnlySucceeded or TaskSignal.WorkSucceeded => "Succeeded",
        TaskSignal.AttemptRefused => "Refused",
        TaskSignal.PlanLost or TaskSignal.WorkLost or TaskSignal.ReservationLost or TaskSignal.ReservationReset => "Lost",
        _ => "Failed",
    };

    private void NoteWait(TaskResource before, TaskResource after, DateTimeOffset now)
    {
        var (uid, old, next) = (before.Metadata.Uid, before.Status, after.Status);
        if (old.Phase == next.Phase && old.Reason == next.Reason) return;
        if (old.QueuedAt is { } queued && ClosedSets.Stages.Contains(old.Phase) && old.Reason is { } reason)
        {
            var since = _waits.TryGetValue(uid, out var wait) && wait.Phase == old.Phase && wait.Reason == reason ? wait.Since : old.PhaseSince ?? queued;
            metrics.Waited(old.Phase, reason, now - since);
            traces.Waited(before, old.Phase, reason, old.PhaseSince ?? queued, since, now);
        }
        if (ClosedSets.Stages.Contains(next.Phase) && next.Reason is { } begun) _waits[uid] = new Wait(next.Phase, begun, now);
        else _waits.TryRemove(uid, out _);
    }

    private sealed record Wait(TaskPhase Phase, string Reason, DateTimeOffset Since);
}
