using System.Collections.Concurrent;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>
/// One thread that waits for every container's output and end. An exit is noticed when the kernel tells it: a pidfd
/// becomes readable; nothing is polled on a timer.
/// </summary>
internal sealed class Reactor : IDisposable
{
    private readonly ConcurrentDictionary<int, Func<bool>> _handlers = new();
    private readonly int[] _wake = new int[2];
    private readonly Thread _thread;
    private readonly Action<string> _report;
    private volatile bool _stopping;

    public Reactor(Action<string> report)
    {
        _report = report;
        Native.Check(Native.pipe2(_wake, Native.CloseOnExec | Native.NonBlocking), "pipe");
        _thread = new Thread(Loop) { IsBackground = true, Name = "pod-reactor" };
        _thread.Start();
    }

    /// <summary>Calls <paramref name="ready"/> on the reactor's thread whenever the descriptor is readable; false ends that and closes it.</summary>
    public void Add(int descriptor, Func<bool> ready)
    {
        _handlers[descriptor] = ready;
        Wake();
    }

    public void Dispose()
    {
        _stopping = true;
        Wake();
        _thread.Join();
        foreach (int descriptor in _handlers.Keys)
        {
            _ = Native.close(descriptor);
        }

        _ = Native.close(_wake[0]);
        _ = Native.close(_wake[1]);
    }

    private void Wake() => _ = Native.write(_wake[1], [1], 1);

    private void Loop()
    {
        byte[] drain = new byte[256];
        while (!_stopping)
        {
            Native.Poll[] set =
            [
                new() { Descriptor = _wake[0], Events = 1 },
                .. _handlers.Keys.Select(static descriptor => new Native.Poll { Descriptor = descriptor, Events = 1 }),
            ];
            if (Native.poll(set, (nuint)set.Length, -1) < 0)
            {
                continue; // A signal interrupted the call.
            }

            if (set[0].Returned != 0)
            {
                _ = Native.read(_wake[0], drain, (nuint)drain.Length);
            }

            foreach (Native.Poll entry in set.AsSpan(1))
            {
                if (entry.Returned != 0)
                {
                    Handle(entry.Descriptor);
                }
            }
        }
    }

    private void Handle(int descriptor)
    {
        bool goOn = false;
        try
        {
            goOn = _handlers.TryGetValue(descriptor, out Func<bool>? ready) && ready();
        }
        catch (Exception fault)
        {
            _report($"handling of a container's descriptor failed: {fault}");
        }

        if (!goOn && _handlers.TryRemove(descriptor, out _))
        {
            _ = Native.close(descriptor);
        }
    }
}
