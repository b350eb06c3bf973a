using Berth.Operator.Hosting;
using Berth.Operator.Telemetry;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Berth.Operator.Tests.Hosting;

/// <summary>Invariant 9: a background loop that throws is logged with its stack, counted, told and started again; none dies silently.</summary>
[Collection("meters")]
public sealed class LoopSupervisorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_loop_that_throws_is_started_again_and_three_faults_are_told()
    {
        using var metrics = new OperatorMetrics();
        var (faults, log) = (0L, new Lines());
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, l) => { if (instrument.Name == MetricCatalog.LoopFaults.Name) l.EnableMeasurementEvents(instrument); };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => { foreach (var tag in tags) if (tag.Value as string == "test-loop") Interlocked.Add(ref faults, value); });
        listener.Start();
        var loops = new LoopSupervisor(metrics, TimeProvider.System, log);
        using var stop = new CancellationTokenSource();
        var (begun, works) = (0, new TaskCompletionSource());
        var running = loops.RunAsync("test-loop", async cancel =>
        {
            if (Interlocked.Increment(ref begun) <= 3) throw new InvalidOperationException($"fault {begun}");
            works.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
        }, stop.Token);
        await works.Task.WaitAsync(Patience);
        Assert.Equal((4, 3L), (begun, Interlocked.Read(ref faults)));
        Assert.Equal(["test-loop"], loops.Degraded);
        Assert.Equal(3, log.Errors.Count);
        Assert.Contains("fault 1", log.Errors[0].Message, StringComparison.Ordinal);
        Assert.NotNull(log.Errors[0].StackTrace);
        await stop.CancelAsync();
        await running.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_loop_that_throws_before_its_first_await_does_not_take_its_neighbours_with_it()
    {
        using var metrics = new OperatorMetrics();
        var loops = new LoopSupervisor(metrics, TimeProvider.System, new Lines());
        using var stop = new CancellationTokenSource();
        var neighbour = new TaskCompletionSource();
        var both = Task.WhenAll(
            loops.RunAsync("bad", _ => throw new InvalidOperationException("at once"), stop.Token),
            loops.RunAsync("good", _ => { neighbour.SetResult(); return Task.CompletedTask; }, stop.Token));
        await neighbour.Task.WaitAsync(Patience);
        await stop.CancelAsync();
        await both.WaitAsync(Patience);
        Assert.Empty(loops.Degraded);
    }

    private sealed class Lines : ILogger<LoopSupervisor>
    {
        public List<Exception> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Error && exception is not null) lock (Errors) Errors.Add(exception);
        }
    }
}
