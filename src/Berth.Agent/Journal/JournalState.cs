using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Journal;

/// <summary>What the journal says about one attempt.</summary>
internal sealed class AttemptRecord
{
    public required string Attempt { get; init; }
    public required int Slot { get; init; }
    public long Boot { get; init; }
    public AttemptKind Kind { get; init; }
    public string TaskUid { get; init; } = "";
    public string Token { get; init; } = "";
    public DateTimeOffset? StartedAt { get; set; }
    public Dictionary<string, StepEnded?> Steps { get; } = new(StringComparer.Ordinal);
    public int? CancelGrace { get; set; }
    public AttemptResult? Result { get; set; }
    public bool Acknowledged { get; set; }
    public bool Uploaded { get; set; }
    public bool Abandoned { get; set; }

    public AttemptState State => Acknowledged ? AttemptState.Acknowledged
        : Result is not null ? AttemptState.Finished
        : StartedAt is not null ? AttemptState.Started : AttemptState.Accepted;

    public bool Open => Result is null;
}

/// <summary>What the journal says about one slot.</summary>
internal sealed class SlotRecord
{
    public string? Nonce { get; set; }
    public long Boot { get; set; }
    public string? Directory { get; set; }
    public string? DirectoryTask { get; set; }
    public string? LastAcknowledged { get; set; }
}

/// <summary>The journal folded: applied entry by entry, at start and as they are written.</summary>
internal sealed class JournalState
{
    private readonly Dictionary<int, SlotRecord> _slots = [];
    private readonly Dictionary<string, AttemptRecord> _attempts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AttemptBarred> _barred = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    public long HighestEpoch { get; private set; }

    public IEnumerable<AttemptRecord> Attempts => _attempts.Values;

    public AttemptRecord? Attempt(string id) => _attempts.GetValueOrDefault(id);

    public AttemptBarred? Barred(string id) => _barred.GetValueOrDefault(id);

    /// <summary>Whether this id was ever accepted, refused or cancelled here.</summary>
    public bool Seen(string id) => _ids.Contains(id);

    public SlotRecord Slot(int index)
    {
        if (!_slots.TryGetValue(index, out var slot)) _slots[index] = slot = new SlotRecord();
        return slot;
    }

    public void Apply(JournalEntry entry)
    {
        switch (entry)
        {
            case EpochObeyed e: HighestEpoch = Math.Max(HighestEpoch, e.Epoch); break;
            case RunnerBooted e: (Slot(e.Slot).Nonce, Slot(e.Slot).Boot) = (e.Nonce, e.Boot); break;
            case AttemptAccepted e:
                _ids.Add(e.Attempt);
                _attempts[e.Attempt] = new AttemptRecord { Attempt = e.Attempt, Slot = e.Slot, Boot = e.Boot, Kind = e.Kind, TaskUid = e.TaskUid, Token = e.Token };
                break;
            case AttemptBarred e:
                _ids.Add(e.Attempt);
                _barred[e.Attempt] = e;
                break;
            case AttemptStarted e when Attempt(e.Attempt) is { } a: a.StartedAt ??= e.At; break;
            case StepIntended e when Attempt(e.Attempt) is { } a: a.Steps.TryAdd(e.Step, null); break;
            case StepOver e when Attempt(e.Attempt) is { } a: a.Steps[e.Step] = e.End; break;
            case AttemptCancelled e when Attempt(e.Attempt) is { } a: a.CancelGrace = Math.Min(a.CancelGrace ?? int.MaxValue, e.GraceSeconds); break;
            case AttemptFinished e: Finish(e); break;
            case AttemptAcknowledged e when Attempt(e.Attempt) is { } a: Acknowledge(a); break;
            case AttemptUploaded e when Attempt(e.Attempt) is { } a:
                a.Uploaded = true;
                Drop(a);
                break;
            case UploadsAbandoned e when Attempt(e.Attempt) is { } a:
                a.Abandoned = true;
                Drop(a);
                break;
            case DirectoryKept e: (Slot(e.Slot).Directory, Slot(e.Slot).DirectoryTask) = (e.Directory, e.TaskUid); break;
            case DirectoryGone e: (Slot(e.Slot).Directory, Slot(e.Slot).DirectoryTask) = (null, null); break;
            case IdsSeen e: _ids.UnionWith(e.Attempts); break;
        }
    }

    /// <summary>Entries that make this state again, as few as possible.</summary>
    public IEnumerable<JournalEntry> Snapshot()
    {
        yield return new EpochObeyed(HighestEpoch);
        foreach (var ids in _ids.Where(id => !_attempts.ContainsKey(id) && !_barred.ContainsKey(id)).Chunk(1000)) yield return new IdsSeen(ids);
        foreach (var (index, slot) in _slots)
        {
            if (slot.Nonce is not null) yield return new RunnerBooted(index, slot.Nonce, slot.Boot);
            if (slot.Directory is not null) yield return new DirectoryKept(index, slot.Directory, slot.DirectoryTask ?? "");
        }
        foreach (var barred in _barred.Values) yield return barred;
        foreach (var entry in _attempts.Values.SelectMany(Snapshot)) yield return entry;
    }

    private static IEnumerable<JournalEntry> Snapshot(AttemptRecord a)
    {
        yield return new AttemptAccepted(a.Attempt, a.Slot, a.Boot, a.Kind, a.TaskUid, a.Token);
        if (a.StartedAt is { } at) yield return new AttemptStarted(a.Attempt, at);
        foreach (var (step, end) in a.Steps)
        {
            yield return new StepIntended(a.Attempt, step);
            if (end is not null) yield return new StepOver(a.Attempt, step, end);
        }
        if (a.CancelGrace is { } grace) yield return new AttemptCancelled(a.Attempt, grace);
        if (a.Result is not null) yield return new AttemptFinished(a.Result, a.Slot);
        if (a.Uploaded) yield return new AttemptUploaded(a.Attempt);
        if (a.Abandoned) yield return new UploadsAbandoned(a.Attempt);
        if (a.Acknowledged) yield return new AttemptAcknowledged(a.Attempt);
    }

    private void Finish(AttemptFinished e)
    {
        _ids.Add(e.Result.Attempt);
        if (!_attempts.TryGetValue(e.Result.Attempt, out var a)) _attempts[e.Result.Attempt] = a = new AttemptRecord { Attempt = e.Result.Attempt, Slot = e.Slot };
        a.Result ??= e.Result;
        if (a.Result.Plan is null) a.Uploaded = true;
    }

    private void Acknowledge(AttemptRecord a)
    {
        a.Acknowledged = true;
        var slot = Slot(a.Slot);
        var before = slot.LastAcknowledged;
        slot.LastAcknowledged = a.Attempt;
        if (before is not null && before != a.Attempt && Attempt(before) is { } old) Drop(old);
    }

    /// <summary>Keeps the id alone once nothing is left to say about an attempt.</summary>
    private void Drop(AttemptRecord a)
    {
        if (a.Acknowledged && (a.Uploaded || a.Abandoned) && Slot(a.Slot).LastAcknowledged != a.Attempt) _attempts.Remove(a.Attempt);
    }
}
