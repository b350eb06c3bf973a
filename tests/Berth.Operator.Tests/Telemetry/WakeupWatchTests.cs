using Berth.Api;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

[Collection("meters")]
public class WakeupWatchTests
{
    private static readonly ObjectKey Task = new("team-a", "change");
    private readonly List<long> _missed = [];

    [Fact]
    public void A_task_that_the_sweep_alone_moves_is_counted() => Assert.Equal(1, Missed(watch => watch.Swept(Task), moves: true));

    [Fact]
    public void A_task_that_the_sweep_finds_at_rest_is_not() => Assert.Equal(0, Missed(watch => watch.Swept(Task), moves: false));

    [Fact]
    public void An_event_before_or_after_the_sweep_explains_the_move()
    {
        Assert.Equal(0, Missed(watch => { watch.Woken(Task); watch.Swept(Task); }, moves: true));
        Assert.Equal(0, Missed(watch => { watch.Swept(Task); watch.Woken(Task); }, moves: true));
    }

    [Fact]
    public void A_timer_that_was_due_explains_the_move() => Assert.Equal(0, Missed(watch => watch.Swept(Task), moves: true, wakeAt: DateTimeOffset.UtcNow));

    [Fact]
    public void A_pass_after_a_failed_one_is_no_missed_event() => Assert.Equal(0, Missed(watch => { watch.Woken(Task); watch.Begin(Task); watch.Swept(Task); }, moves: true));

    private int Missed(Action<WakeupWatch> happens, bool moves, DateTimeOffset? wakeAt = null)
    {
        using var metrics = new OperatorMetrics();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, l) => { if (instrument.Name == MetricCatalog.MissedWakeups.Name) l.EnableMeasurementEvents(instrument); };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => _missed.Add(value));
        listener.Start();
        _missed.Clear();
        var watch = new WakeupWatch(metrics, TimeProvider.System, NullLogger<WakeupWatch>.Instance);
        var rest = new TaskDecision { Status = new Api.TaskStatus(), WakeAt = wakeAt };
        watch.Woken(Task);
        watch.Decided(Task, rest, watch.Begin(Task));
        happens(watch);
        watch.Decided(Task, moves ? rest with { Transitions = [TaskTracesTests.Applied(TaskPhase.Pending, TaskSignal.PlanOrdered)] } : rest, watch.Begin(Task));
        return (int)_missed.Sum();
    }
}
