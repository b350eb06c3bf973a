using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Xunit;

namespace Berth.Kubernetes.Conformance.Queues;

public sealed class ControllerTests : IDisposable
{
    private readonly SimulatedTime _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly MeterListener _meters = new();
    private readonly string _name = $"controller-{Guid.NewGuid():N}";
    private int _runs;

    public ControllerTests()
    {
        _meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == KubernetesMetrics.Name) listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags.ToArray().Any(t => Equals(t.Value, _name))) _counts.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
        });
        _meters.Start();
    }

    public void Dispose()
    {
        _meters.Dispose();
        _stop.Dispose();
        _abort.Dispose();
    }

    [Fact]
    public async Task Success_forgets_failures_and_a_delay_brings_the_key_back()
    {
        using var controller = New((_, _) => _runs switch
        {
            1 => throw new KubernetesException("not yet"),
            2 => new(ReconcileResult.RequeueAfter(TimeSpan.FromMinutes(5))),
            _ => new(ReconcileResult.Done),
        });
        var running = controller.RunAsync(_stop.Token);
        controller.Queue.Add("a");
        await Eventually.Holds(() => controller.Finished == 1);
        Assert.Equal(1, controller.Queue.FailuresOf("a"));
        await Eventually.Holds(_time, TimeSpan.FromMilliseconds(5), () => controller.Finished == 2);
        Assert.Equal(0, controller.Queue.FailuresOf("a"));
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(2, controller.Finished);
        await Eventually.Holds(_time, TimeSpan.FromSeconds(30), () => controller.Finished == 3);
        await EndAsync(running);
        Assert.Equal(3, _counts["controller_runtime_reconcile_total"]);
        Assert.Equal(1, _counts["controller_runtime_reconcile_errors_total"]);
    }

    [Fact]
    public async Task What_nobody_expected_is_counted_and_retried()
    {
        using var controller = New((_, _) => _runs < 6 ? throw new InvalidCastException("bug") : new(ReconcileResult.Done));
        var running = controller.RunAsync(_stop.Token);
        controller.Queue.Add("a");
        await Eventually.Holds(_time, TimeSpan.FromMilliseconds(50), () => controller.Finished == 6);
        await EndAsync(running);
        Assert.Equal(5, _counts["controller_runtime_reconcile_panics_total"]);
        Assert.Equal(5, _counts["workqueue_retries_total"]);
    }

    [Fact]
    public async Task A_terminal_error_is_recorded_and_not_retried_until_the_next_event()
    {
        using var controller = New((_, _) => throw new TerminalReconcileException("no such thing"));
        var running = controller.RunAsync(_stop.Token);
        controller.Queue.Add("a");
        await Eventually.Holds(() => controller.Finished == 1);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, controller.Queue.Depth + controller.Queue.DelayedCount);
        controller.Queue.Add("a");
        await Eventually.Holds(() => controller.Finished == 2);
        await EndAsync(running);
        Assert.Equal(2, _counts["controller_runtime_terminal_reconcile_errors_total"]);
        Assert.False(_counts.ContainsKey("workqueue_retries_total"));
    }

    [Fact]
    public async Task A_reconcile_that_takes_too_long_is_cancelled_counted_and_retried()
    {
        using var controller = New(async (_, cancel) =>
        {
            if (_runs == 1) await Task.Delay(Timeout.Infinite, cancel);
            return ReconcileResult.Done;
        });
        var running = controller.RunAsync(_stop.Token);
        controller.Queue.Add("a");
        await Eventually.Holds(() => _runs == 1);
        Assert.True(controller.IsProgressing(TimeSpan.FromMinutes(5)));
        _time.Advance(TimeSpan.FromSeconds(119));
        Assert.Equal(0, controller.Finished);
        Assert.False(controller.IsProgressing(TimeSpan.FromMinutes(1)));
        await Eventually.Holds(_time, TimeSpan.FromSeconds(1), () => controller.Finished == 2);
        await EndAsync(running);
        Assert.Equal(1, _counts["controller_runtime_reconcile_timeouts_total"]);
    }

    [Fact]
    public async Task A_stop_lets_work_end_and_starts_no_more()
    {
        var release = new TaskCompletionSource();
        using var controller = New(async (_, _) =>
        {
            await release.Task;
            return ReconcileResult.Done;
        });
        var running = controller.RunAsync(_stop.Token);
        controller.Queue.Add("a");
        controller.Queue.Add("b");
        await Eventually.Holds(() => _runs == 1);
        await _stop.CancelAsync();
        Assert.False(running.IsCompleted);
        release.SetResult();
        await running.WaitAsync(Eventually.Limit);
        Assert.Equal(1, _runs);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task An_abort_or_the_end_of_the_drain_cancels_what_runs(bool abort)
    {
        using var controller = New(static async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return ReconcileResult.Done;
        });
        var running = controller.RunAsync(_stop.Token, _abort.Token);
        controller.Queue.Add("a");
        await Eventually.Holds(() => _runs == 1);
        if (abort)
        {
            await _abort.CancelAsync();
            await running.WaitAsync(Eventually.Limit);
            return;
        }
        await _stop.CancelAsync();
        await Eventually.Holds(_time, TimeSpan.FromSeconds(1), () => running.IsCompleted);
        Assert.InRange(_time.Elapsed, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(119));
    }

    [Fact]
    public async Task Each_reconcile_is_a_trace()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == KubernetesMetrics.Name,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        var seen = new ConcurrentQueue<Activity>();
        listener.ActivityStopped = seen.Enqueue;
        ActivitySource.AddActivityListener(listener);
        using var controller = New(static (_, _) => new(ReconcileResult.Done));
        var running = controller.RunAsync(_stop.Token);
        controller.Queue.Add("a");
        await Eventually.Holds(() => seen.Any(a => Equals(a.GetTagItem("controller"), _name)));
        var activity = seen.First(a => Equals(a.GetTagItem("controller"), _name));
        Assert.Equal("a", activity.GetTagItem("key"));
        Assert.Equal("success", activity.GetTagItem("result"));
        await EndAsync(running);
    }

    private async Task EndAsync(Task running)
    {
        await _stop.CancelAsync();
        await running.WaitAsync(Eventually.Limit);
    }

    private Controller<string> New(Func<string, CancellationToken, ValueTask<ReconcileResult>> reconcile) => new(
        new() { Name = _name, Time = _time },
        (key, cancel) =>
        {
            Interlocked.Increment(ref _runs);
            return reconcile(key, cancel);
        });
}
