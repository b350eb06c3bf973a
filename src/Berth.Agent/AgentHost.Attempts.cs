using System.Security.Cryptography;
using Berth.Agent.Attempts;
using Berth.Agent.Journal;
using Berth.Agent.Slots;
using Berth.Agent.Spool;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent;

/// <summary>Attempts from acceptance to the last acknowledgement.</summary>
internal sealed partial class AgentHost
{
    private readonly Dictionary<string, CancellationTokenSource> _uploads = new(StringComparer.Ordinal);

    /// <summary>Takes up what an agent before this one left.</summary>
    private void Resume(CancellationToken stop)
    {
        lock (_gate)
        {
            var root = AttemptSpool.Root(Options.StateDirectory);
            Directory.CreateDirectory(root);
            foreach (var leftover in Directory.EnumerateDirectories(root))
            {
                if (_journal.State.Attempt(Path.GetFileName(leftover)) is null) Directory.Delete(leftover, true);
            }
            foreach (var record in _journal.State.Attempts.Where(a => a.Slot < _slots.Length).ToList()) Resume(record, stop);
        }
    }

    private void Resume(AttemptRecord record, CancellationToken stop)
    {
        var slot = _slots[record.Slot];
        if (record is { Open: false, Token.Length: 0 }) return; // cancelled before it was known
        if (record is { Open: false, Acknowledged: true } && (record.Uploaded || record.Abandoned) && !Directory.Exists(Path.Combine(AttemptSpool.Root(Options.StateDirectory), record.Attempt))) return;
        var spool = AttemptSpool.Open(Options.StateDirectory, record.Attempt, Options.OutputLimitBytes);
        _spools[record.Attempt] = spool;
        if (!record.Open)
        {
            spool.Output.Ended = true;
            spool.ForgetOrder();
            if (record is { Uploaded: false, Abandoned: false, Result.Plan: not null }) BeginUploads(record, spool);
            if (spool.Checkpoints.Pending().Count > 0) UploadCheckpoints(record.Attempt, spool);
            return;
        }
        // Saved and fsynced before it was accepted; without it nothing can be continued, only ended.
        var order = spool.LoadOrder() ?? new Assign { Attempt = record.Attempt, Kind = record.Kind, Slot = record.Slot, TaskUid = record.TaskUid, Directory = record.Attempt };
        if (order.Command is null && order.Kind != AttemptKind.Restore) Record(new AttemptCancelled(record.Attempt, 0));
        AgentLog.Info("taking up an attempt", ("attempt", record.Attempt), ("state", record.State.ToString()));
        Begin(order, slot, record, spool, stop);
    }

    /// <summary>Journals the attempt, then begins it. The slot is claimed.</summary>
    private void Accept(Assign order, Slot slot)
    {
        // Here, because the files of an apply were read meanwhile: what is journalled with a boot was ordered for it.
        if (order.RunnerBoot > 0 && order.RunnerBoot != BootOf(slot))
        {
            Refuse(order, RefusalReasons.RunnerReplaced, $"the container of slot {slot.Index} was restarted since: boot {order.RunnerBoot} was meant, this is boot {BootOf(slot)}", slot);
            return;
        }
        AttemptSpool spool;
        try
        {
            spool = AttemptSpool.Open(Options.StateDirectory, order.Attempt, Options.OutputLimitBytes);
            spool.SaveOrder(order);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse(order, RefusalReasons.JournalUnwritable, $"the agent's volume cannot be written: {e.Message}", slot);
            return;
        }
        var accepted = new AttemptAccepted(order.Attempt, slot.Index, BootOf(slot), order.Kind, order.TaskUid, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        var replaces = order.Kind != AttemptKind.Apply && _journal.State.Slot(slot.Index).Directory is not null;
        if (!(replaces ? TryRecord(accepted, new DirectoryGone(slot.Index)) : TryRecord(accepted)))
        {
            spool.Delete();
            Refuse(order, RefusalReasons.JournalUnwritable, JournalProblem ?? "the journal cannot be written", slot);
            return;
        }
        slot.Claimed = null;
        _spools[order.Attempt] = spool;
        foreach (var (name, value) in order.SecretEnv ?? new Dictionary<string, string>())
            if (value.Length is > 0 and < Masking.SecretPatterns.ShortestBytes) AgentLog.Warn("a secret is too short to be masked in output", ("attempt", order.Attempt), ("variable", name), ("shortest", $"{Masking.SecretPatterns.ShortestBytes}"));
        AgentLog.Info("accepted", ("attempt", order.Attempt), ("kind", order.Kind.ToString()), ("slot", $"{slot.Index}"));
        Begin(order, slot, _journal.State.Attempt(order.Attempt)!, spool, _stop.Token);
    }

    private void Begin(Assign order, Slot slot, AttemptRecord record, AttemptSpool spool, CancellationToken stop)
    {
        var flow = new AttemptFlow(this, slot, order, record, spool);
        slot.Flow = flow;
        slot.WorkDirectory = flow.WorkDirectory;
        _ = Task.Run(() => RunAsync(flow, slot, order, stop), CancellationToken.None);
    }

    private async Task RunAsync(AttemptFlow flow, Slot slot, Assign order, CancellationToken stop)
    {
        for (var pause = TimeSpan.FromSeconds(1); ; pause = TimeSpan.FromSeconds(Math.Min(60, pause.TotalSeconds * 2)))
        {
            try
            {
                if (await flow.RunAsync(stop) is { } result) Finish(flow, slot, order, result);
                return;
            }
            catch (Exception e)
            {
                // A full disk, say. The flow can be begun anew at any point (an agent that was killed does the same); nothing starts twice.
                AgentLog.Error("an attempt's flow broke; beginning it anew", e, ("attempt", order.Attempt));
            }
            await Task.WhenAny(Task.Delay(pause, stop));
            if (stop.IsCancellationRequested) return;
        }
    }

    private void Finish(AttemptFlow flow, Slot slot, Assign order, AttemptResult result)
    {
        var keep = order.Kind is AttemptKind.Plan or AttemptKind.Restore && result.Outcome == AttemptOutcome.Succeeded;
        lock (_gate)
        {
            var finished = new AttemptFinished(result, slot.Index);
            if (keep) Record(finished, new DirectoryKept(slot.Index, flow.WorkDirectory, order.TaskUid));
            else Record(finished);
            slot.Flow = null;
            if (keep || order.Kind == AttemptKind.Apply || result.Outcome == AttemptOutcome.Succeeded) slot.WorkDirectory = null;
            flow.Spool.Output.Ended = true;
            flow.Spool.ForgetOrder();
            if (result.Plan is not null) BeginUploads(_journal.State.Attempt(result.Attempt)!, flow.Spool);
        }
        flow.Dispose();
        AgentLog.Info("finished", ("attempt", result.Attempt), ("outcome", result.Outcome.ToString()), ("message", result.Message));
        Tell(result);
        TellInventory();
        Gateway.Nudge();
        if (slot.WorkDirectory is { } failed) _ = CleanLaterAsync(slot, failed);
        if (slot.Link is { } link && (link.Draining || slot.WorkDirectory is null)) _ = TidyAsync(slot, link);
    }

    private void BeginUploads(AttemptRecord record, AttemptSpool spool)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        _uploads[record.Attempt] = cancel;
        _ = Task.Run(() => UploadAsync(record, spool, cancel.Token), CancellationToken.None);
    }

    private async Task UploadAsync(AttemptRecord record, AttemptSpool spool, CancellationToken cancel)
    {
        var plan = record.Result!.Plan!;
        var (taken, since) = (true, DateTimeOffset.UtcNow);
        try
        {
            foreach (var file in plan.Artifacts) taken &= await Transfers.StoreAsync(record.Attempt, "artifact", file, spool.ArtifactPath(file.Digest), cancel);
            if (plan.TextDigest is { } digest) taken &= await Transfers.StoreAsync(record.Attempt, "text", new FileDigest { Path = "plan.txt", Digest = digest, Size = plan.TextSize }, spool.ArtifactPath(digest), cancel);
        }
        catch (OperationCanceledException)
        {
            return; // released, or the agent is ending; the files tell which when it starts again
        }
        catch (Exception e)
        {
            AgentLog.Error("artifacts of a plan cannot be uploaded", e, ("attempt", record.Attempt));
            taken = false;
        }
        lock (_gate)
        {
            _uploads.Remove(record.Attempt);
            if (taken) Record(new AttemptUploaded(record.Attempt));
        }
        if (taken) Tell(new Uploaded { Attempt = record.Attempt, Since = since, Until = DateTimeOffset.UtcNow });
        Settle(record.Attempt);
    }

    private void AbandonUploads(string attempt)
    {
        if (!_uploads.Remove(attempt, out var cancel)) return;
        cancel.Cancel();
        Record(new UploadsAbandoned(attempt));
        Settle(attempt);
    }

    private void OnAck(Ack order)
    {
        lock (_gate)
        {
            if (_journal.State.Attempt(order.Attempt) is not { Result: not null, Acknowledged: false }) return;
            Record(new AttemptAcknowledged(order.Attempt));
        }
        Settle(order.Attempt);
        TellInventory();
    }

    private void OutputStored(OutputAck ack)
    {
        lock (_gate)
        {
            if (!_spools.TryGetValue(ack.Attempt, out var spool)) return;
            spool.Output.Acknowledge(ack.Offset);
        }
        Settle(ack.Attempt);
        Gateway.Nudge();
    }

    /// <summary>The operator was told that this was the last of an attempt's output.</summary>
    public void OutputEnded(string attempt, OutputSpool output)
    {
        output.EndSent = true;
        Settle(attempt);
    }

    /// <summary>Removes the files of an attempt that nobody needs any more.</summary>
    private void Settle(string attempt)
    {
        lock (_gate)
        {
            if (!_spools.TryGetValue(attempt, out var spool)) return;
            var record = _journal.State.Attempt(attempt);
            if (record is not null && !(record.Acknowledged && !_uploads.ContainsKey(attempt))) return;
            if (!spool.Output.EndSent || spool.Output.Unacknowledged > 0 || _checkpoints.ContainsKey(attempt)) return;
            _spools.Remove(attempt);
            spool.Delete();
        }
    }
}
