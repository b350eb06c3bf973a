using Berth.Api;

namespace Berth.Core.Pools;

/// <summary>
/// Which pods are missing, which are too many, and how an older template gives way to the current one: a quarter more pods while it
/// lasts, an old pod gets no new work once a new one is ready in its place, and ends when nothing runs or is reserved on it. What it holds
/// stays: a plan may only be applied where the template is the one it was made with.
/// </summary>
internal sealed record PodRoll(IReadOnlyList<PoolPod> Serving, int Missing, IReadOnlyList<PoolPod> Delete, IReadOnlySet<string> Retiring, int Outdated)
{
    public static PodRoll Plan(PoolObserved seen, int desired)
    {
        var serving = seen.Pods.Where(p => p.Live && !p.Draining).ToList();
        var known = seen.Stamp.Fault is null;
        var outdated = known ? serving.Where(p => p.Hash != seen.Stamp.Hash).ToList() : [];
        var current = serving.Except(outdated).ToList();
        var surge = outdated.Count > 0 && desired > 0 ? Math.Max(1, (desired + 3) / 4) : 0;
        // An old pod that never came up, or does not any more, is of no use to anybody.
        var useless = outdated.Where(p => p is { Ready: false, Free: true }).ToList();
        var delete = new List<PoolPod>(useless);
        serving = serving.Except(useless).ToList();
        outdated = outdated.Except(useless).ToList();
        var retiring = Retire(seen, outdated, current, desired);
        delete.AddRange(retiring.Where(p => p.Free));
        delete.AddRange(Surplus(current, current.Count - desired, seen));
        delete.AddRange(Drained(seen, serving, desired));
        var missing = Math.Max(0, Math.Min(desired - current.Count, desired + surge - serving.Count));
        return new PodRoll(serving, missing, delete, retiring.Select(p => p.Uid).ToHashSet(StringComparer.Ordinal), outdated.Count);
    }

    /// <summary>Old pods that are no longer needed: a new one is ready in their place.</summary>
    private static List<PoolPod> Retire(PoolObserved seen, List<PoolPod> outdated, List<PoolPod> current, int desired)
    {
        var spare = Math.Max(0, current.Count(p => p.Ready) + outdated.Count - desired);
        var ordered = outdated.OrderBy(p => p.Free ? 0 : 1).ThenBy(p => p.Ready ? 1 : 0).ThenBy(p => p.Held).ThenBy(p => p.CreatedAt).ThenBy(p => p.Name, StringComparer.Ordinal).ToList();
        // Where there is no room for one more, an idle old pod makes it.
        var cramped = seen.Refused?.Reason == Reasons.QuotaExceeded || current.Any(p => p.Trouble?.Reason == Reasons.Unschedulable);
        if (spare == 0 && cramped && current.Count(p => !p.Ready) <= 1 && ordered.FirstOrDefault() is { Free: true }) return ordered.Take(1).ToList();
        return ordered.Take(spare).ToList();
    }

    /// <summary>Never one that holds anything; those that are not ready first, then the longest idle.</summary>
    private static IEnumerable<PoolPod> Surplus(List<PoolPod> current, int count, PoolObserved seen) =>
        count <= 0 ? [] : current.Where(p => p.Free)
            .OrderBy(p => p.Ready ? 1 : 0)
            .ThenBy(p => p.IdleSince ?? seen.Now)
            .ThenByDescending(p => p.CreatedAt)
            .ThenBy(p => p.Name, StringComparer.Ordinal)
            .Take(count);

    /// <summary>Drained pods that are free: at once when they were asked to go, otherwise once the others can do without them.</summary>
    private static IEnumerable<PoolPod> Drained(PoolObserved seen, List<PoolPod> serving, int desired)
    {
        var replaced = serving.Count(p => p.Ready) >= desired;
        return seen.Pods.Where(p => p.Live && p.Draining && p.Free && (p.Leaving || replaced));
    }
}
