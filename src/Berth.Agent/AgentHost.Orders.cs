using Berth.Agent.Attempts;
using Berth.Agent.Journal;
using Berth.Agent.Slots;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent;

/// <summary>Orders of the leader: obeyed, or refused with a reason.</summary>
internal sealed partial class AgentHost
{
    private long _metEpoch;

    private long HighestEpoch => Math.Max(_metEpoch, _journal.State.HighestEpoch);

    /// <summary>A leader took the connection.</summary>
    public void Welcomed(Welcome welcome)
    {
        lock (_gate)
        {
            Obey(welcome.Epoch);
            // Only this leader may say so; whatever the one before asked for, it asks again.
            _drained = false;
        }
    }

    /// <summary>Handles one frame of the operator.</summary>
    public void Handle(Frame frame)
    {
        switch (frame)
        {
            case Ping ping: Tell(new Pong { Nonce = ping.Nonce }); break;
            case OutputAck ack: OutputStored(ack); break;
            case Assign assign: OnAssign(assign); break;
            case Order order:
                lock (_gate)
                {
                    if (order.Epoch < HighestEpoch || !Obey(order.Epoch))
                    {
                        TellInventory(); // shows the leader behind what it is behind of
                        return;
                    }
                }
                Obeyed(order);
                break;
        }
    }

    private void Obeyed(Order order)
    {
        switch (order)
        {
            case Ack ack: OnAck(ack); break;
            case Cancel cancel: OnCancel(cancel); break;
            case Release release: OnRelease(release); break;
            case SaveCheckpoint save: OnSaveCheckpoint(save); break;
            case Drain drain:
                _drained = drain.On;
                TellInventory();
                break;
        }
    }

    /// <summary>Takes note of a leader's epoch, durably before anything is done in its name.</summary>
    private bool Obey(long epoch)
    {
        if (epoch <= _journal.State.HighestEpoch) return true;
        _metEpoch = Math.Max(_metEpoch, epoch);
        return TryRecord(new EpochObeyed(epoch)) || _journal.State.HighestEpoch >= epoch;
    }

    private void OnAssign(Assign order)
    {
        lock (_gate)
        {
            if (_slots.Any(s => s.Claimed == order.Attempt)) return; // being looked at; the answer follows
            if (_journal.State.Seen(order.Attempt))
            {
                Tell(_journal.State.Barred(order.Attempt) is { } barred
                    ? Refusal(order.Attempt, barred.Reason, barred.Message)
                    : Refusal(order.Attempt, RefusalReasons.AlreadySeen, "this attempt is in the journal already"));
                TellInventory();
                return;
            }
            if (OrderCheck.Malformed(order, _slots.Length) is { } malformed)
            {
                Refuse(order, RefusalReasons.Malformed, malformed);
                return;
            }
            if (order.Epoch < HighestEpoch)
            {
                Refuse(order, RefusalReasons.StaleEpoch, $"epoch {order.Epoch} is over; {HighestEpoch} leads");
                return;
            }
            if (!Obey(order.Epoch) || JournalProblem is not null && !TryRecord())
            {
                Refuse(order, RefusalReasons.JournalUnwritable, JournalProblem ?? "the journal cannot be written");
                return;
            }
            var slot = _slots[order.Slot];
            if (CheckSlot(order, slot) is { } refusal)
            {
                Refuse(order, refusal.Reason, refusal.Message);
                return;
            }
            slot.Claimed = order.Attempt;
            if (order.Kind != AttemptKind.Apply)
            {
                Accept(order, slot);
                return;
            }
            _ = AcceptApplyAsync(order, slot, slot.Link!);
        }
    }

    private (string Reason, string Message)? CheckSlot(Assign order, Slot slot)
    {
        var record = _journal.State.Slot(slot.Index);
        if (_ending) return (RefusalReasons.Draining, "the pod is ending");
        if (_drained && order.Kind != AttemptKind.Apply) return (RefusalReasons.Draining, "the pod is draining");
        if (slot.Claimed is { } claimed) return (RefusalReasons.SlotTaken, $"slot {slot.Index} is being made ready for {claimed}");
        if (_journal.State.Attempts.FirstOrDefault(a => a.Slot == slot.Index && a.Open) is { } other) return (RefusalReasons.SlotTaken, $"slot {slot.Index} runs {other.Attempt}");
        if (record.DirectoryTask is { } task && task != order.TaskUid) return (RefusalReasons.SlotTaken, $"slot {slot.Index} is kept for the plan {record.Directory} of another task");
        if (slot.Link is not { } link) return (RefusalReasons.RunnerAbsent, $"the runner of slot {slot.Index} is not connected");
        if (link.Draining) return (RefusalReasons.Draining, $"slot {slot.Index} is ending");
        if (order.Kind == AttemptKind.Apply && (record.Directory is null || record.Directory != order.Directory))
        {
            return (RefusalReasons.DirectoryMissing, $"slot {slot.Index} keeps {record.Directory ?? "no directory"}; the plan {order.Directory} is not here");
        }
        return OrderCheck.Mismatch(order) is { } mismatch ? (RefusalReasons.ManifestMismatch, mismatch) : null;
    }

    /// <summary>Holds the files in the slot against the manifest before anything is started.</summary>
    private async Task AcceptApplyAsync(Assign order, Slot slot, RunnerLink link)
    {
        var (reason, problem) = await OrderCheck.ArtifactsAsync(order, link);
        lock (_gate)
        {
            if (_journal.State.Seen(order.Attempt)) slot.Claimed = null; // cancelled meanwhile
            else if (problem is null) Accept(order, slot);
            else Refuse(order, reason, problem, slot);
        }
    }

    private void Refuse(Assign order, string reason, string message, Slot? claimed = null)
    {
        if (claimed is not null) claimed.Claimed = null;
        // Refused means never: the operator may order the work elsewhere on the strength of it.
        if (OrderCheck.IsAttemptId(order.Attempt)) Record(new AttemptBarred(order.Attempt, reason, message));
        AgentLog.Warn("refused", ("attempt", order.Attempt), ("reason", reason), ("why", message));
        Tell(Refusal(order.Attempt, reason, message));
        if (reason == RefusalReasons.JournalUnwritable) TellInventory();
    }

    private Refused Refusal(string attempt, string reason, string message) =>
        new() { Attempt = attempt, Reason = reason, Message = message, HighestEpoch = HighestEpoch };

    private void OnCancel(Cancel order)
    {
        if (!OrderCheck.IsAttemptId(order.Attempt)) return;
        AttemptFlow? flow;
        lock (_gate)
        {
            if (!_journal.State.Seen(order.Attempt))
            {
                var never = new AttemptResult { Attempt = order.Attempt, Outcome = AttemptOutcome.Stopped, Message = order.Reason.Length > 0 ? $"stopped before it started: {order.Reason}" : "stopped before it started; it never will", EndedAt = DateTimeOffset.UtcNow };
                Record(new AttemptFinished(never, order.Slot));
                Tell(never);
                return;
            }
            if (_journal.State.Barred(order.Attempt) is { } barred)
            {
                Tell(Refusal(order.Attempt, barred.Reason, barred.Message));
                return;
            }
            if (_journal.State.Attempt(order.Attempt) is not { Open: true } attempt)
            {
                TellInventory();
                return;
            }
            flow = _slots[attempt.Slot].Flow;
            if (attempt.CancelGrace is { } grace && grace <= order.GraceSeconds) return;
            Record(new AttemptCancelled(order.Attempt, order.GraceSeconds));
        }
        AgentLog.Info("stopping", ("attempt", order.Attempt), ("reason", order.Reason));
        flow?.Cancel();
    }

    private void OnRelease(Release order)
    {
        Slot slot;
        lock (_gate)
        {
            if (order.Slot < 0 || order.Slot >= _slots.Length) return;
            slot = _slots[order.Slot];
            var record = _journal.State.Slot(order.Slot);
            var busy = slot.Flow is not null || slot.Claimed is not null;
            if (record.Directory == order.Directory && !busy) Record(new DirectoryGone(order.Slot));
            if (_journal.State.Attempt(order.Directory) is { Open: false }) AbandonUploads(order.Directory);
            if (busy) return;
        }
        TellInventory();
        if (slot.Link is { } link) _ = TidyAsync(slot, link);
    }
}
