using Berth.Agent.Attempts;
using Berth.Protocol.Runner;

namespace Berth.Agent.Slots;

/// <summary>A later runner came up in the slot: everything of the one before is dead.</summary>
internal sealed class RunnerReplacedException() : Exception("the slot's container was restarted");

/// <summary>One slot: who is connected, and what runs. What must survive the agent is in the journal.</summary>
internal sealed class Slot(int index, long boot)
{
    private readonly object _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Index => index;

    public RunnerLink? Link { get; private set; }

    /// <summary>The runner that was last recognised.</summary>
    public Peer? Runner { get; private set; }

    /// <summary>Boot number of the latest runner.</summary>
    public long Boot { get; private set; } = boot;

    /// <summary>The attempt that has the slot; set under the agent's lock.</summary>
    public AttemptFlow? Flow { get; set; }

    /// <summary>An Apply that is being held against its manifest has the slot too.</summary>
    public string? Claimed { get; set; }

    /// <summary>Work directory of the attempt that has the slot, or of a failed one that people may still look at.</summary>
    public string? WorkDirectory { get; set; }

    /// <summary>The runner that was known is dead.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            Runner?.Dispose();
            Runner = null;
        }
    }

    public void Connect(RunnerLink link, Peer? runner)
    {
        RunnerLink? before;
        lock (_gate)
        {
            before = Link;
            Link = link;
            Boot = link.Boot;
            if (Runner is null) Runner = runner;
            else runner?.Dispose();
            Pulse();
        }
        before?.Close();
    }

    public void Disconnect(RunnerLink link)
    {
        lock (_gate)
        {
            if (Link != link) return;
            Link = null;
            Pulse();
        }
    }

    /// <summary>The connection with the runner of this boot, waiting for it; throws <see cref="RunnerReplacedException"/> when a later one is there.</summary>
    public async Task<RunnerLink> LinkAsync(long boot, CancellationToken cancel)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (Boot > boot) throw new RunnerReplacedException();
                if (Link is { } link && link.Boot == boot) return link;
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancel);
        }
    }

    /// <summary>Waits until the connection comes or goes.</summary>
    public Task ChangedAsync()
    {
        lock (_gate) return _changed.Task;
    }

    /// <summary>Ends and forgets whatever step the runner holds that nobody here wants.</summary>
    public static async Task DiscardHeldAsync(RunnerLink link)
    {
        if (link.HeldStep is not { } held) return;
        var sink = new DiscardSink(held.Step);
        await link.AttachAsync(new AttachStep { Step = held.Step }, sink);
        await link.EndAsync(held.Step, 0);
        await sink.Ended;
        await link.ForgetAsync(held.Step);
    }

    private void Pulse()
    {
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class DiscardSink(string step) : IStepSink
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public string Step => step;

        public string? Token => null;

        public void OnStarted(DateTimeOffset at)
        {
        }

        public long OnOutput(int stream, long offset, ReadOnlySpan<byte> data) => offset + data.Length;

        public void OnEnded(StepEnded end) => _ended.TrySetResult();

        public void OnSaveWanted(long request)
        {
        }

        public void OnClosed() => _ended.TrySetException(new RunnerLinkClosedException());
    }
}
