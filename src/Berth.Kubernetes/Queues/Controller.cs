using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Berth.Kubernetes;

/// <summary>Runs a reconcile over the keys of a queue, with a number of workers.</summary>
/// <remarks>
/// <see cref="ReconcileResult.Done"/>: the key's failures are forgotten and an event will wake it.
/// <see cref="ReconcileResult.RequeueAfter"/>: as before, and it is due again after that time.
/// A <see cref="KubernetesException"/>, a timeout or <see cref="ReconcileResult.Failed"/>: counted, retried after a backoff, for ever.
/// Any other exception: as before, and counted as a panic.
/// A <see cref="TerminalReconcileException"/>: counted and not retried.
/// </remarks>
/// <typeparam name="TKey">The key.</typeparam>
public sealed partial class Controller<TKey> : IMetricSource, IDisposable where TKey : notnull
{
    private readonly ControllerOptions _options;
    private readonly Func<TKey, CancellationToken, ValueTask<ReconcileResult>> _reconcile;
    private readonly ILogger _log;
    private int _active;
    private long _progressAt;
    private long _finished;

    /// <summary>A controller with its own queue.</summary>
    public Controller(ControllerOptions options, Func<TKey, CancellationToken, ValueTask<ReconcileResult>> reconcile)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Workers, 1);
        (_options, _reconcile) = (options, reconcile);
        _log = options.Logging?.CreateLogger($"Berth.Kubernetes.Controller.{options.Name}") ?? (ILogger)NullLogger.Instance;
        Queue = new(new() { Name = options.Name, Time = options.Time, MinBackoff = options.MinBackoff, MaxBackoff = options.MaxBackoff });
        _progressAt = options.Time.GetTimestamp();
        KubernetesMetrics.Register(this);
    }

    /// <summary>The queue; handlers of informers add keys to it.</summary>
    public WorkQueue<TKey> Queue { get; }

    /// <summary>How many reconciles have ended, in any way.</summary>
    public long Finished => Volatile.Read(ref _finished);

    string IMetricSource.TagName => "controller";

    string IMetricSource.Name => _options.Name;

    /// <summary>Whether work goes on: no reconcile has run for longer than <paramref name="limit"/>, and no key has waited while none ended for as
    /// long. For the elector's health.</summary>
    public bool IsProgressing(TimeSpan limit)
    {
        if (Queue.LongestRunning > limit) return false;
        return Queue.Depth == 0 || _options.Time.GetElapsedTime(Volatile.Read(ref _progressAt)) <= limit;
    }

    /// <summary>Works until <paramref name="stop"/> is cancelled, then lets what is in progress end (for at most the drain timeout).
    /// <paramref name="abort"/> cancels what is in progress at once: leadership is lost.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort = default)
    {
        using var work = CancellationTokenSource.CreateLinkedTokenSource(abort);
        using var stopped = stop.UnsafeRegister(static queue => ((WorkQueue<TKey>)queue!).Shut(), Queue);
        using var aborted = abort.UnsafeRegister(static queue => ((WorkQueue<TKey>)queue!).Shut(), Queue);
        Volatile.Write(ref _progressAt, _options.Time.GetTimestamp());
        var workers = Task.WhenAll(Enumerable.Range(0, _options.Workers).Select(_ => Task.Run(() => WorkAsync(work.Token), CancellationToken.None)));
        await Task.WhenAny(workers, Task.Delay(Timeout.InfiniteTimeSpan, _options.Time, stop));
        if (!workers.IsCompleted && await Task.WhenAny(workers, Task.Delay(_options.DrainTimeout, _options.Time, abort)) != workers)
        {
            LogDrainCut(_options.Name, Queue.LongestRunning);
            await work.CancelAsync();
        }
        await workers;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Queue.Dispose();
        KubernetesMetrics.Unregister(this);
    }

    double? IMetricSource.Read(string instrument) => instrument switch
    {
        "controller_runtime_active_workers" => Volatile.Read(ref _active),
        "controller_runtime_max_concurrent_reconciles" => _options.Workers,
        _ => null,
    };

    private async Task WorkAsync(CancellationToken abort)
    {
        while (await Queue.TakeAsync(CancellationToken.None) is (true, var key))
        {
            Interlocked.Increment(ref _active);
            try
            {
                await ReconcileAsync(key, abort);
            }
            finally
            {
                Queue.Done(key);
                Interlocked.Decrement(ref _active);
                Interlocked.Increment(ref _finished);
                Volatile.Write(ref _progressAt, _options.Time.GetTimestamp());
            }
        }
    }

    private async Task ReconcileAsync(TKey key, CancellationToken abort)
    {
        using var activity = KubernetesMetrics.Activities.StartActivity("reconcile");
        activity?.SetTag("controller", _options.Name).SetTag("key", key.ToString());
        var started = _options.Time.GetTimestamp();
        using var limit = new TimeLimit(_options.ReconcileTimeout, _options.Time, abort);
        string outcome;
        try
        {
            var result = await _reconcile(key, limit.Token);
            outcome = result.Error is { } error ? Fail(key, error, expected: true, limit, abort) : Succeed(key, result);
        }
        catch (Exception error)
        {
            outcome = Fail(key, error, IsExpected(error), limit, abort);
        }
        activity?.SetTag("result", outcome);
        if (outcome is "error" or "terminal_error") activity?.SetStatus(ActivityStatusCode.Error);
        KubernetesMetrics.Reconciled(_options.Name, outcome, _options.Time.GetElapsedTime(started));
    }

    private string Succeed(TKey key, ReconcileResult result)
    {
        Queue.Forget(key);
        if (result.After is not { } after) return "success";
        Queue.AddAfter(key, after);
        return "requeue_after";
    }

    private static bool IsExpected(Exception error) => error is KubernetesException or IOException or HttpRequestException or TimeoutException or OperationCanceledException;

    private string Fail(TKey key, Exception error, bool expected, TimeLimit limit, CancellationToken abort)
    {
        if (error is OperationCanceledException && abort.IsCancellationRequested) return "aborted";
        KubernetesMetrics.Failed(_options.Name);
        if (error is TerminalReconcileException)
        {
            KubernetesMetrics.FailedForGood(_options.Name);
            LogTerminal(error, _options.Name, key);
            return "terminal_error";
        }
        if (error is OperationCanceledException && limit.HasPassed)
        {
            KubernetesMetrics.TimedOut(_options.Name);
            LogTimeout(_options.Name, key, _options.ReconcileTimeout);
        }
        else if (expected)
        {
            LogError(_options.Name, key, error.Message);
        }
        else
        {
            KubernetesMetrics.Panicked(_options.Name);
            LogPanic(error, _options.Name, key);
        }
        Queue.AddRateLimited(key);
        return "error";
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller}: {Key}: {Error}; trying again")]
    private partial void LogError(string controller, TKey key, string error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller}: {Key} was not reconciled within {Limit}; trying again")]
    private partial void LogTimeout(string controller, TKey key, TimeSpan limit);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Controller}: the reconcile of {Key} threw; trying again")]
    private partial void LogPanic(Exception error, string controller, TKey key);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Controller}: {Key} failed for good; the next event tries again")]
    private partial void LogTerminal(Exception error, string controller, TKey key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller}: reconciles still run at the end of the drain (longest {Longest}); cancelling them")]
    private partial void LogDrainCut(string controller, TimeSpan longest);
}
