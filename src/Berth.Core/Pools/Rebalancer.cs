using System.Globalization;
using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Pools;

/// <summary>
/// Spreads pods over nodes again, on request: one pod at a time of the fullest node is drained, and its successor goes where the
/// scheduler likes. Only pods older than the request move, so each moves at most once, whatever the scheduler does.
/// </summary>
internal static class Rebalancer
{
    /// <summary>The next pod to drain, if any, and whether the request is carried out.</summary>
    public static (PoolPod? Next, bool Done) Decide(PoolObserved seen, int desired)
    {
        if (Wanted(seen) is not { } request) return (null, false);
        if (!DateTimeOffset.TryParse(request, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var asked)) return (null, true);
        var serving = seen.Pods.Where(p => p.Live && !p.Draining).ToList();
        if (seen.Pods.Any(p => p.DrainedFor == Mark(request)) || serving.Count(p => p.Ready) < desired) return (null, false);
        var load = seen.Nodes.Concat(serving.Select(p => p.Node)).Where(n => n.Length > 0).Distinct(StringComparer.Ordinal).ToDictionary(n => n, n => serving.Count(p => p.Node == n), StringComparer.Ordinal);
        if (load.Count < 2) return (null, true);
        var least = load.Values.Min();
        var next = serving.Where(p => p.CreatedAt < asked && load.GetValueOrDefault(p.Node) - least >= 2)
            .OrderByDescending(p => load[p.Node]).ThenBy(p => p.Free ? 0 : 1).ThenBy(p => p.Running).ThenBy(p => p.Reserved).ThenBy(p => p.Name, StringComparer.Ordinal).FirstOrDefault();
        return (next, next is null);
    }

    /// <summary>The request that is not carried out yet.</summary>
    public static string? Wanted(PoolObserved seen) =>
        seen.Pool.Metadata.Annotations?.GetValueOrDefault(Names.RebalanceAnnotation) is { Length: > 0 } value && Text.Cut(value, 64) is var request && request != seen.Pool.Status.Rebalanced ? request : null;

    /// <summary>The drain annotation's value on a pod that moves for a request.</summary>
    public static string Mark(string request) => $"rebalance {request}";
}
