using System.Threading.Channels;

namespace Berth.DevCluster.Controllers;

/// <summary>
/// Keys to work on, each by one worker at a time and once however often it was named meanwhile; one that failed comes
/// back after a growing wait.
/// </summary>
internal sealed class WorkQueue<TKey>
    where TKey : notnull
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(20), LongestWait = TimeSpan.FromSeconds(30);

    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>();
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _working = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly Lock _gate = new();

    public void Add(TKey key)
    {
        lock (_gate)
        {
            if (_dirty.Add(key) && !_working.Contains(key))
            {
                _ready.Writer.TryWrite(key);
            }
        }
    }

    public void AddAfter(TKey key, TimeSpan wait, CancellationToken cancel) =>
        _ = Task.Delay(wait, cancel).ContinueWith(
            done => Add(key), cancel, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);

    public async Task RunAsync(Func<TKey, Task> work, Action<TKey, Exception> failed, CancellationToken cancel)
    {
        await foreach (TKey key in _ready.Reader.ReadAllAsync(cancel))
        {
            lock (_gate)
            {
                _dirty.Remove(key);
                _working.Add(key);
            }

            bool good = true;
            try
            {
                await work(key);
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                good = false;
                failed(key, fault);
            }

            Done(key, good, cancel);
        }
    }

    private void Done(TKey key, bool good, CancellationToken cancel)
    {
        int failures;
        lock (_gate)
        {
            _working.Remove(key);
            failures = good ? 0 : _failures.GetValueOrDefault(key) + 1;
            if (good)
            {
                _failures.Remove(key);
            }
            else
            {
                _failures[key] = failures;
            }

            if (_dirty.Contains(key))
            {
                _ready.Writer.TryWrite(key);
                return;
            }
        }

        if (!good)
        {
            TimeSpan wait = FirstWait * Math.Pow(2, Math.Min(failures - 1, 12));
            AddAfter(key, wait < LongestWait ? wait : LongestWait, cancel);
        }
    }
}
