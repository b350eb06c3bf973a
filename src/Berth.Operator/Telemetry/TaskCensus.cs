using Berth.Api;
using Berth.Operator.Cluster;

namespace Berth.Operator.Telemetry;

/// <summary>Counts of tasks, made in one pass over the cache.</summary>
internal sealed class TaskCounts
{
    /// <summary>By phase.</summary>
    public int[] Phases { get; } = new int[Enum.GetValues<TaskPhase>().Length];

    /// <summary>By stage and reason.</summary>
    public Dictionary<(TaskPhase, string), int> Waits { get; } = ClosedSets.Waits.ToDictionary(w => w, _ => 0);

    /// <summary>Since when the oldest is in a stage.</summary>
    public Dictionary<TaskPhase, DateTimeOffset> Oldest { get; } = [];

    /// <summary>That need a person, by reason.</summary>
    public Dictionary<string, int> Stalled { get; } = ClosedSets.Stalls.ToDictionary(s => s, _ => 0);

    /// <summary>By pool, for a slot.</summary>
    public Dictionary<string, int> ForSlot { get; } = new(StringComparer.Ordinal);

    /// <summary>Without the slot they had reserved.</summary>
    public int Unrecovered { get; set; }

    /// <summary>Waiting for approval.</summary>
    public int Approvals { get; set; }

    /// <summary>Waiting for approval, and soon over.</summary>
    public int Expiring { get; set; }

    /// <summary>Not terminal.</summary>
    public int Open { get; set; }
}

/// <summary>Counts tasks when somebody looks, and not more often than every few seconds: the cache may hold a hundred thousand.</summary>
internal sealed class TaskCensus(ClusterCache cache, TimeProvider time)
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromHours(4);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromHours(168);
    private readonly Lock _lock = new();
    private TaskCounts _counts = new();
    private long? _at;

    /// <summary>The counts.</summary>
    public TaskCounts Take()
    {
        lock (_lock)
        {
            if (_at is { } at && time.GetElapsedTime(at) < GoodFor) return _counts;
            var counts = new TaskCounts();
            var now = time.GetUtcNow();
            foreach (var key in cache.Tasks.Keys())
                if (cache.Tasks.Get(key) is { } task) Count(counts, task, now);
            (_counts, _at) = (counts, time.GetTimestamp());
            return counts;
        }
    }

    /// <summary>Adds one task.</summary>
    public static void Count(TaskCounts counts, TaskResource task, DateTimeOffset now)
    {
        var status = task.Status;
        counts.Phases[(int)status.Phase]++;
        if (status.Conditions.FirstOrDefault(c => c.Type == "Stalled") is { Status: ConditionStatus.True } stalled) counts.Stalled[ClosedSets.In(ClosedSets.Stalls, stalled.Reason)]++;
        if (status.Phase.IsTerminal()) return;
        counts.Open++;
        if (!ClosedSets.Stages.Contains(status.Phase)) return;
        var since = status.PhaseSince ?? status.QueuedAt ?? task.Metadata.CreationTimestamp ?? now;
        if (!counts.Oldest.TryGetValue(status.Phase, out var oldest) || since < oldest) counts.Oldest[status.Phase] = since;
        counts.Waits[(status.Phase, ClosedSets.WaitReason(status.Phase, status.Reason))]++;
        if (status.Reason == Reasons.WaitingForSlot)
        {
            var pool = $"{task.Metadata.Namespace}/{task.Spec.PoolRef.Name}";
            counts.ForSlot[pool] = counts.ForSlot.GetValueOrDefault(pool) + 1;
        }
        if (status.Phase == TaskPhase.ApplyPending) CountPlanned(counts, task, since, now);
    }

    private static void CountPlanned(TaskCounts counts, TaskResource task, DateTimeOffset since, DateTimeOffset now)
    {
        var status = task.Status;
        if (status.Slot is null && status.Conditions.FirstOrDefault(c => c.Type == "SlotReserved")?.Reason == Reasons.SlotLost) counts.Unrecovered++;
        if (status.Grant is not null || task.Spec.Approval?.Mode == ApprovalMode.Auto) return;
        counts.Approvals++;
        if (since + Durations.Or(task.Spec.Approval?.Timeout, DefaultTimeout) - now < Soon) counts.Expiring++;
    }
}
