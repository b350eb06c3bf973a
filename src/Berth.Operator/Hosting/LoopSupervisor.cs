using System.Collections.Concurrent;
using Berth.Operator.Telemetry;

namespace Berth.Operator.Hosting;

/// <summary>Runs background loops. One that throws is logged with its stack, counted, and started again after a pause; none dies silently.</summary>
internal sealed class LoopSupervisor(OperatorMetrics metrics, TimeProvider time, ILogger<LoopSupervisor> log)
{
    private const int Many = 3;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<string, List<DateTimeOffset>> _faults = new(StringComparer.Ordinal);

    /// <summary>Loops that threw three times within ten minutes.</summary>
    public IReadOnlyList<string> Degraded
    {
        get
        {
            var since = time.GetUtcNow() - Window;
            return [.. _faults.Where(f => { lock (f.Value) return f.Value.Count(at => at > since) >= Many; }).Select(f => f.Key).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Runs a loop until cancelled; a loop that returns by itself has ended for good.</summary>
    public async Task RunAsync(string name, Func<CancellationToken, Task> loop, CancellationToken stop)
    {
        metrics.LoopBegan(name);
        while (true)
        {
            try
            {
                await Task.Run(() => loop(stop), CancellationToken.None);
                return;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                var recent = Note(name);
                metrics.LoopFault(name);
                log.LogError(e, "Loop {Loop} threw ({Recent} times in ten minutes); starting it again", name, recent);
                await PauseAsync(recent, stop);
                if (stop.IsCancellationRequested) return;
            }
        }
    }

    private int Note(string name)
    {
        var faults = _faults.GetOrAdd(name, _ => []);
        lock (faults)
        {
            var now = time.GetUtcNow();
            faults.RemoveAll(at => at < now - Window);
            faults.Add(now);
            return faults.Count;
        }
    }

    private async Task PauseAsync(int recent, CancellationToken stop)
    {
        var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(recent, 9)));
        try
        {
            await Task.Delay(pause < MaxPause ? pause : MaxPause, time, stop);
        }
        catch (OperationCanceledException)
        {
            // Stopping is the one thing worth more than the pause.
        }
    }
}
