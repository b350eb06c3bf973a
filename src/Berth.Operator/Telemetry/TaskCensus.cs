using Berth.Api;
using Berth.Operator.Cluster;

namespace Berth.Operator.Telemetry;

/// <summary>Counts of tasks at one moment.</summary>
internal sealed record TaskCounts
{
    /// <summary>By phase.</summary>
    public required IReadOnlyList<int> Phases { get; init; }

    /// <summary>By stage and reason.</summary>
    public required IReadOnlyDictionary<(TaskPhase, string), int> Waits { get; init; }

    /// <summary>Since when the oldest is in a stage.</summary>
    public required IReadOnlyDictionary<TaskPhase, DateTimeOffset> Oldest { get; init; }

    /// <summary>That need a person, by reason.</summary>
    public required IReadOnlyDictionary<string, int> Stalled { get; init; }

    /// <summary>By pool, for a slot.</summary>
    public required IReadOnlyDictionary<string, int> ForSlot { get; init; }

    /// <summary>Without the slot they had reserved.</summary>
    public int Unrecovered { get; init; }

    /// <summary>Waiting for approval.</summary>
    public int Approvals { get; init; }

    /// <summary>Waiting for approval, and soon over.</summary>
    public int Expiring { get; init; }

    /// <summary>Not terminal.</summary>
    public int Open { get; init; }
}

/// <summary>
/// Counts tasks as they change, so that a scrape costs the same with a hundred tasks as with a hundred thousand. Only ages are found out when
/// somebody looks, among the tasks that wait.
/// </summary>
internal sealed class TaskCensus(TimeProvider time)
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromHours(4);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(168);
    private readonly Lock _lock = new();
    private readonly int[] _phases = new int[Enum.GetValues<TaskPhase>().Length];
    private readonly Dictionary<(TaskPhase, string), int> _waits = ClosedSets.Waits.ToDictionary(w => w, _ => 0);
    private readonly Dictionary<string, int> _stalled = ClosedSets.Stalls.ToDictionary(s => s, _ => 0);
    private readonly Dictionary<string, int> _forSlot = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Stay> _stays = new(StringComparer.Ordinal);
    private int _unrecovered;
    private int _open;
    private TaskCounts? _counts;
    private long _at;

    /// <summary>Counts what the cache holds.</summary>
    public TaskCensus(ClusterCache cache, TimeProvider time) : this(time) => cache.Tasks.Follow(Changed);

    /// <summary>The counts, at most two seconds old.</summary>
    public TaskCounts Take()
    {
        lock (_lock)
        {
            if (_counts is { } counts && time.GetElapsedTime(_at) < GoodFor) return counts;
            (_counts, _at) = (Read(), time.GetTimestamp());
            return _counts;
        }
    }

    /// <summary>A task came (before is null), changed, or went (after is null).</summary>
    public void Changed(KeptTask? before, KeptTask? after)
    {
        lock (_lock)
        {
            if (before is not null) Count(before, -1);
            if (after is not null) Count(after, 1);
        }
    }

    private TaskCounts Read()
    {
        var now = time.GetUtcNow();
        var oldest = new Dictionary<TaskPhase, DateTimeOffset>();
        var (approvals, expiring) = (0, 0);
        foreach (var stay in _stays.Values)
        {
            if (!oldest.TryGetValue(stay.Phase, out var first) || stay.Since < first) oldest[stay.Phase] = stay.Since;
            if (stay.Expires is not { } at) continue;
            approvals++;
            if (at - now < Soon) expiring++;
        }
        return new()
        {
            Phases = [.. _phases],
            Waits = new Dictionary<(TaskPhase, string), int>(_waits),
            Oldest = oldest,
            Stalled = new Dictionary<string, int>(_stalled),
            ForSlot = new Dictionary<string, int>(_forSlot),
            Unrecovered = _unrecovered,
            Approvals = approvals,
            Expiring = expiring,
            Open = _open,
        };
    }

    private void Count(KeptTask kept, int sign)
    {
        _phases[(int)kept.Phase] += sign;
        if (kept.IsQuiet) return;
        var task = kept.Task;
        var status = task.Status;
        if (status.Conditions.FirstOrDefault(c => c.Type == "Stalled") is { Status: ConditionStatus.True } stalled) _stalled[ClosedSets.In(ClosedSets.Stalls, stalled.Reason)] += sign;
        if (status.Phase.IsTerminal()) return;
        _open += sign;
        if (!ClosedSets.Stages.Contains(status.Phase)) return;
        _waits[(status.Phase, ClosedSets.WaitReason(status.Phase, status.Reason))] += sign;
        if (status.Reason == Reasons.WaitingForSlot) AddForSlot($"{task.Metadata.Namespace}/{task.Spec.PoolRef.Name}", sign);
        if (status is { Phase: TaskPhase.ApplyPending, Slot: null } && status.Conditions.FirstOrDefault(c => c.Type == "SlotReserved")?.Reason == Reasons.SlotLost) _unrecovered += sign;
        if (sign < 0) _stays.Remove(task.Metadata.Uid);
        else _stays[task.Metadata.Uid] = StayOf(task);
    }

    private void AddForSlot(string pool, int sign)
    {
        var count = _forSlot.GetValueOrDefault(pool) + sign;
        if (count == 0) _forSlot.Remove(pool);
        else _forSlot[pool] = count;
    }

    private Stay StayOf(TaskResource task)
    {
        var status = task.Status;
        var since = status.PhaseSince ?? status.QueuedAt ?? task.Metadata.CreationTimestamp ?? time.GetUtcNow();
        var asksAPerson = status is { Phase: TaskPhase.ApplyPending, Grant: null } && task.Spec.Approval?.Mode != ApprovalMode.Auto;
        return new Stay(status.Phase, since, asksAPerson ? since + Durations.Or(task.Spec.Approval?.Timeout, DefaultTimeout) : null);
    }

    /// <summary>A task in a stage, since when, and when its approval expires if it waits for a person's.</summary>
    private readonly record struct Stay(TaskPhase Phase, DateTimeOffset Since, DateTimeOffset? Expires);
}
