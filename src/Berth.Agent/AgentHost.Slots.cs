using Berth.Agent.Journal;
using Berth.Agent.Slots;

namespace Berth.Agent;

/// <summary>Runners that come and go.</summary>
internal sealed partial class AgentHost
{
    public string? NonceOf(Slot slot)
    {
        lock (_gate) return _journal.State.Slot(slot.Index).Nonce;
    }

    public long BootOf(Slot slot)
    {
        lock (_gate) return _journal.State.Slot(slot.Index).Boot;
    }

    public bool KnowsRunner(Slot slot) => NonceOf(slot) is not null;

    /// <summary>Whether nothing speaks against a newcomer: the known runner is dead, or it is away and nobody can tell.</summary>
    public bool RunnerIsGone(Slot slot) => !KnowsRunner(slot) || (slot.Runner is { } runner ? runner.Dead : slot.Link is null);

    /// <summary>A new runner process: all that ran under the one before is dead, and what it left is swept.</summary>
    public void RunnerBooted(Slot slot, string nonce)
    {
        lock (_gate)
        {
            var record = _journal.State.Slot(slot.Index);
            Record(new RunnerBooted(slot.Index, nonce, record.Boot + 1));
            if (record.Directory is not null) Record(new DirectoryGone(slot.Index));
            if (slot.Flow is null) slot.WorkDirectory = null;
        }
    }

    public void RunnerConnected(Slot slot, RunnerLink link)
    {
        TellInventory();
        _ = TidyAsync(slot, link);
    }

    public void RunnerDisconnected(Slot slot) => TellInventory();

    public void RunnerDrains(Slot slot)
    {
        TellInventory();
        if (slot.Link is { } link) _ = TidyAsync(slot, link);
    }

    /// <summary>Ends steps without an attempt, removes directories without a task, and lets a draining runner go.</summary>
    private async Task TidyAsync(Slot slot, RunnerLink link)
    {
        try
        {
            lock (_gate)
            {
                if (slot.Flow is not null) return;
            }
            if (link.HeldStep is not null) await Slot.DiscardHeldAsync(link);
            await link.SweepAsync(() => KeptIn(slot));
            if (!link.Draining) return;
            lock (_gate)
            {
                if (slot.Flow is not null) return;
            }
            await link.LeaveAsync();
        }
        catch (Exception e) when (e is RunnerLinkClosedException or SlotFileException)
        {
            AgentLog.Warn("a slot could not be tidied", ("slot", $"{slot.Index}"), ("reason", e.Message));
        }
    }

    private List<string> KeptIn(Slot slot)
    {
        lock (_gate)
        {
            var kept = new List<string>();
            if (_journal.State.Slot(slot.Index).Directory is { } directory) kept.Add(directory);
            if (slot.WorkDirectory is { } work) kept.AddRange(work, work + ".checkpoint");
            return kept;
        }
    }

    /// <summary>Keeps a failed attempt's directory a while for people, then removes it.</summary>
    private async Task CleanLaterAsync(Slot slot, string directory)
    {
        await Task.WhenAny(Task.Delay(Options.FailedDirectoryKept, _stop.Token));
        lock (_gate)
        {
            if (slot.Flow is not null || slot.WorkDirectory != directory) return;
            slot.WorkDirectory = null;
        }
        if (slot.Link is { } link) await TidyAsync(slot, link);
    }
}
