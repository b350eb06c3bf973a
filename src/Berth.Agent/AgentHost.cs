using Berth.Agent.Attempts;
using Berth.Agent.Gateway;
using Berth.Agent.Journal;
using Berth.Agent.Slots;
using Berth.Agent.Spool;
using Berth.Protocol;

namespace Berth.Agent;

/// <summary>
/// The agent of one pod: journal, slots, attempts and the connection with the operator, under one lock. What it decides is in
/// the journal before it happens.
/// </summary>
internal sealed partial class AgentHost : IDisposable
{
    private static readonly TimeSpan InventoryInterval = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, AttemptSpool> _spools = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly JournalFile _journal;
    private readonly Slot[] _slots;
    private readonly List<SlotListener> _listeners = [];
    private readonly StateDirectory _directory;
    private CancellationTokenSource _wake = new();
    private bool _ending;
    private bool _drained;

    public AgentHost(AgentOptions options, IJournalDisk disk)
    {
        Options = options;
        _directory = StateDirectory.Take(options.StateDirectory, options.PodUid);
        _journal = JournalFile.Open(options.StateDirectory, disk);
        _slots = [.. Enumerable.Range(0, options.Slots).Select(i => new Slot(i, _journal.State.Slot(i).Boot))];
        Gateway = new GatewayClient(this);
        Transfers = new Transfers(this);
    }

    public AgentOptions Options { get; }

    public GatewayClient Gateway { get; }

    public Transfers Transfers { get; }

    public string? JournalProblem
    {
        get
        {
            lock (_gate) return _directory.Problem ?? _journal.Problem;
        }
    }

    /// <summary>Serves until stopped, or until the pod ends and nothing is left to do.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        Resume(both.Token);
        foreach (var slot in _slots)
        {
            var listener = new SlotListener(this, slot);
            _listeners.Add(listener);
            listener.Start(both.Token);
        }
        var gateway = Gateway.RunAsync(both.Token);
        try
        {
            while (!both.IsCancellationRequested)
            {
                await Task.WhenAny(gateway, Task.Delay(_ending ? TimeSpan.FromMilliseconds(200) : InventoryInterval, _wake.Token));
                if (gateway.IsCompleted) await gateway;
                if (_ending && NothingLeft()) return;
                if (!_ending) TellInventory();
                if (_wake.IsCancellationRequested) _wake = new CancellationTokenSource();
            }
        }
        finally
        {
            await both.CancelAsync();
        }
    }

    /// <summary>The pod was asked to end: no new work; what runs goes on.</summary>
    public void BeginEnding()
    {
        _ending = true;
        TellInventory();
        _wake.Cancel();
    }

    /// <summary>Makes facts durable; false when they are not, and then nothing may follow from them.</summary>
    public bool TryRecord(params ReadOnlySpan<JournalEntry> entries)
    {
        lock (_gate) return _directory.Problem is null && _journal.Append(entries);
    }

    /// <summary>Records what has happened already; an unwritable journal gets it with its next snapshot.</summary>
    public void Record(params ReadOnlySpan<JournalEntry> entries)
    {
        lock (_gate)
        {
            if (_directory.Problem is null && _journal.Append(entries)) return;
            foreach (var entry in entries) _journal.State.Apply(entry);
        }
    }

    public void Tell(Frame frame) => Gateway.Tell(frame);

    public void OutputArrived() => Gateway.Nudge();

    public void TellInventory() => Tell(Inventory());

    public IReadOnlyList<KeyValuePair<string, AttemptSpool>> Spools()
    {
        lock (_gate) return [.. _spools];
    }

    public void Dispose()
    {
        _stop.Cancel();
        lock (_gate)
        {
            foreach (var listener in _listeners) listener.Dispose();
            foreach (var spool in _spools.Values) spool.Output.Dispose();
            foreach (var slot in _slots) slot.Link?.Close();
            _journal.Dispose();
            _directory.Dispose();
        }
        _stop.Dispose();
        _wake.Dispose();
    }

    private bool NothingLeft()
    {
        lock (_gate)
        {
            return _slots.All(s => s.Flow is null) && _uploads.Count == 0 && _checkpoints.Count == 0
                && _journal.State.Attempts.All(a => a.Acknowledged)
                && _spools.Values.All(s => s.Output is { EndSent: true, Unacknowledged: 0 });
        }
    }
}
