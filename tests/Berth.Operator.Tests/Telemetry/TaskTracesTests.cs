using System.Diagnostics;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Telemetry;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

[Collection("meters")]
public class TaskTracesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_run_is_one_trace_whose_parts_find_their_parents_whoever_writes_them()
    {
        using var seen = new Spans();
        using var traces = new TaskTraces();
        using var others = new TaskTraces();
        var attempt = new AttemptStatus { Id = "u1-1", Kind = AttemptKind.Plan, Run = 1, Pod = "pod-a", PodUid = "p1", OrderedAt = Noon.AddMilliseconds(400), EndedAt = Noon.AddSeconds(3), Outcome = "Succeeded", ExitCode = 0 };
        var task = ATask(TaskPhase.Planning, since: Noon, attempt);

        traces.AttemptEnded(task, attempt, Noon);
        others.PhaseLeft(task, 1, Applied(TaskPhase.Planning, TaskSignal.PlanNoChanges), Noon, Noon.AddSeconds(3));
        others.RunEnded(task with { Status = task.Status with { Phase = TaskPhase.Succeeded } }, 1, Noon.AddSeconds(-5), Noon.AddSeconds(3));

        var (tried, phase, root) = (seen.Of("attempt Plan"), seen.Of("Planning"), seen.Of("task network"));
        Assert.Equal(TaskTraceIds.TraceParent("u1", attempt), $"00-{tried.TraceId}-{tried.SpanId}-01");
        Assert.Equal(phase.SpanId, tried.ParentSpanId);
        Assert.Equal(root.SpanId, phase.ParentSpanId);
        Assert.Equal(default, root.ParentSpanId);
        Assert.Single(new[] { tried, phase, root }.Select(s => s.TraceId).Distinct());
        Assert.Equal(Noon.AddSeconds(-5).UtcDateTime, root.StartTimeUtc);
        Assert.Equal(TimeSpan.FromSeconds(8), root.Duration);
    }

    [Fact]
    public void Another_run_is_another_trace() => Assert.NotEqual(TaskTraceIds.Trace("u1", 1), TaskTraceIds.Trace("u1", 2));

    [Fact]
    public async Task Waiting_is_seen_by_reason_in_metrics_and_spans()
    {
        using var seen = new Spans();
        await using var process = await OperatorProcess.StartAsync();
        var telemetry = process.Get<TaskTelemetry>();
        var waiting = ATask(TaskPhase.Pending, Noon, null) with { Status = new Api.TaskStatus { Phase = TaskPhase.Pending, Reason = Reasons.WaitingForSlot, QueuedAt = Noon, PhaseSince = Noon } };
        var held = waiting with { Status = waiting.Status with { Reason = Reasons.WaitingForWorkspace } };

        telemetry.Decided(waiting, held, new TaskDecision { Status = held.Status });

        Assert.Equal(TaskTraceIds.Phase("u1", 1, TaskPhase.Pending, Noon), seen.Of("waiting: WaitingForSlot").ParentSpanId);
        Assert.Contains("berth_task_wait_duration_seconds_count{reason=\"WaitingForSlot\",stage=\"Pending\"} 1\n", process.Telemetry.Scrape(openMetrics: false), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attempt_that_was_replaced_in_the_same_step_is_counted_all_the_same()
    {
        using var seen = new Spans();
        await using var process = await OperatorProcess.StartAsync();
        var plan = new AttemptStatus { Id = "u1-1", Kind = AttemptKind.Plan, Run = 1, OrderedAt = Noon };
        var before = ATask(TaskPhase.Planning, Noon, plan);
        var after = ATask(TaskPhase.Applying, Noon.AddSeconds(1), plan with { Id = "u1-2", Kind = AttemptKind.Apply });

        process.Get<TaskTelemetry>().Decided(before, after, new TaskDecision
        {
            Status = after.Status,
            Transitions = [Applied(TaskPhase.Planning, TaskSignal.PlanSucceeded), Applied(TaskPhase.ApplyPending, TaskSignal.Approved), Applied(TaskPhase.ApplyPending, TaskSignal.ApplyOrdered)],
        });

        Assert.Equal("Succeeded", seen.Of("attempt Plan").GetTagItem("berth.attempt.outcome"));
        Assert.Contains("berth_attempts_total{kind=\"Plan\",outcome=\"Succeeded\"} 1\n", process.Telemetry.Scrape(openMetrics: false), StringComparison.Ordinal);
    }

    internal static TaskResource ATask(TaskPhase phase, DateTimeOffset since, AttemptStatus? attempt) => new()
    {
        Metadata = new ResourceMeta { Name = "change", Namespace = "team-a", Uid = "u1" },
        Spec = new TaskSpec { PoolRef = new PoolReference { Name = "small" }, Workspace = "network" },
        Status = new Api.TaskStatus { Phase = phase, Reason = phase.ToString(), QueuedAt = since.AddSeconds(-5), PhaseSince = since, Attempt = attempt },
    };

    internal static AppliedTransition Applied(TaskPhase from, TaskSignal signal) => new(TaskTransitions.Find(from, signal)!, signal.ToString(), "", null);

    private sealed class Spans : IDisposable
    {
        private readonly List<Activity> _ended = [];
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener { ShouldListenTo = s => s.Name == TaskTraces.SourceName, Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded, ActivityStopped = _ended.Add };
            ActivitySource.AddActivityListener(_listener);
        }

        public Activity Of(string name) => Assert.Single(_ended, s => s.OperationName == name);

        public void Dispose() => _listener.Dispose();
    }
}
