using System.Diagnostics;
using System.Runtime.CompilerServices;
using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Berth.Operator.Telemetry;

/// <summary>
/// One trace per run of a task: a span for the run, one for each stay in a phase, one for each reason to wait in it, one for each attempt and
/// for each of its stages at the agent.
/// A span is written when it is over, from times that the status carries, so a change of leader leaves no hole.
/// </summary>
internal sealed class TaskTraces : IDisposable
{
    /// <summary>Name of the activity source.</summary>
    public const string SourceName = "Berth.Operator";

    private readonly ActivitySource _source = new(SourceName, OperatorMetrics.Version);

    /// <summary>Puts log lines of a block into the task's trace.</summary>
    public static Activity Correlate(TaskResource task)
    {
        var (uid, run) = (task.Metadata.Uid, task.Status.Run);
        return new Activity("task").SetParentId(TaskTraceIds.Trace(uid, run), TaskTraceIds.Root(uid, run), ActivityTraceFlags.Recorded).Start();
    }

    /// <summary>A task left a phase.</summary>
    public void PhaseLeft(TaskResource task, int run, AppliedTransition transition, DateTimeOffset since, DateTimeOffset now)
    {
        var (uid, from) = (task.Metadata.Uid, transition.Row.From);
        Write(from.ToString(), uid, run, TaskTraceIds.Phase(uid, run, from, since), TaskTraceIds.Root(uid, run), since, now, transition.Row.Signal is TaskSignal.PlanLost or TaskSignal.WorkLost,
            [.. Who(task), new("berth.phase", from.ToString()), new("berth.signal", transition.Row.Signal.ToString()), new("berth.reason", transition.Reason), new("berth.message", transition.Message)]);
    }

    /// <summary>A run is over.</summary>
    public void RunEnded(TaskResource task, int run, DateTimeOffset since, DateTimeOffset now) =>
        Write($"task {task.Spec.Workspace}", task.Metadata.Uid, run, TaskTraceIds.Root(task.Metadata.Uid, run), default, since, now, task.Status.Phase is TaskPhase.Failed or TaskPhase.DeadLettered,
            [.. Who(task), new("berth.task.type", task.Spec.Type.ToString()), new("berth.phase", task.Status.Phase.ToString()), new("berth.reason", task.Status.Reason), new("berth.message", task.Status.Message)]);

    /// <summary>A task stopped waiting for one thing.</summary>
    public void Waited(TaskResource task, TaskPhase stage, string reason, DateTimeOffset phaseSince, DateTimeOffset since, DateTimeOffset now)
    {
        var (uid, run) = (task.Metadata.Uid, task.Status.Run);
        Write($"waiting: {reason}", uid, run, ActivitySpanId.CreateRandom(), TaskTraceIds.Phase(uid, run, stage, phaseSince), since, now, false, [new("berth.reason", reason), new("berth.message", task.Status.Message)]);
    }

    /// <summary>An attempt ended.</summary>
    public void AttemptEnded(TaskResource task, AttemptStatus attempt, DateTimeOffset phaseSince)
    {
        var uid = task.Metadata.Uid;
        var phase = attempt.Kind switch { AttemptKind.Plan => TaskPhase.Planning, AttemptKind.Apply => TaskPhase.Applying, AttemptKind.Run => TaskPhase.Running, _ => TaskPhase.ApplyPending };
        var parent = TaskTraceIds.Phase(uid, attempt.Run, phase, attempt.Kind == AttemptKind.Restore ? phaseSince : attempt.OrderedAt);
        Write($"attempt {attempt.Kind}", uid, attempt.Run, TaskTraceIds.Attempt(attempt.Id), parent, attempt.OrderedAt, attempt.EndedAt ?? attempt.OrderedAt, attempt.Outcome != "Succeeded",
        [
            new("berth.attempt", attempt.Id), new("berth.attempt.kind", attempt.Kind.ToString()), new("berth.attempt.outcome", attempt.Outcome), new("process.exit.code", attempt.ExitCode),
            new("k8s.pod.name", attempt.Pod), new("k8s.pod.uid", attempt.PodUid), new("k8s.node.name", attempt.Node), new("berth.slot", attempt.Slot), new("berth.leader.epoch", attempt.Epoch),
        ]);
    }

    /// <summary>A stage of an attempt, as its agent tells it.</summary>
    public void StageEnded(TaskResource task, string attempt, int run, AttemptStage stage) =>
        Write(stage.Name, task.Metadata.Uid, run, TaskTraceIds.Stage(attempt, stage.Name), TaskTraceIds.Attempt(attempt), stage.Since, stage.Until, false, [new("berth.attempt", attempt), new("berth.agent", true)]);

    /// <inheritdoc />
    public void Dispose() => _source.Dispose();

    private static Tag[] Who(TaskResource task) =>
    [
        new("k8s.namespace.name", task.Metadata.Namespace), new("berth.task", task.Metadata.Name), new("berth.task.uid", task.Metadata.Uid), new("berth.run", task.Status.Run),
        new("berth.pool", task.Spec.PoolRef.Name), new("berth.workspace", task.Spec.Workspace),
    ];

    private void Write(string name, string uid, int run, ActivitySpanId id, ActivitySpanId parent, DateTimeOffset since, DateTimeOffset until, bool failed, Tag[] tags)
    {
        if (!_source.HasListeners()) return;
        var around = Activity.Current;
        try
        {
            Activity.Current = null;
            var context = new ActivityContext(TaskTraceIds.Trace(uid, run), parent, parent == default ? ActivityTraceFlags.None : ActivityTraceFlags.Recorded);
            using var span = _source.CreateActivity(name, ActivityKind.Internal, context, tags.Where(t => t.Value is not null));
            if (span is null) return;
            span.SetStartTime(since.UtcDateTime).Start();
            SpanIdOf(span) = id.ToHexString();
            if (failed) span.SetStatus(ActivityStatusCode.Error);
            span.SetEndTime(until > since ? until.UtcDateTime : since.UtcDateTime.AddTicks(1));
        }
        finally
        {
            Activity.Current = around;
        }
    }

    /// <summary>The runtime offers no way to choose a span's id, and a command's parent must be known before its span is written. A test holds the field's name.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanIdOf(Activity activity);
}
