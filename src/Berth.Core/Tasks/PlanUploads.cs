using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>What of a plan has to be in the database before the slot may be lost without planning again.</summary>
public static class PlanUploads
{
    /// <summary>Digests of the artifacts and of the text, each once.</summary>
    public static IReadOnlyList<string> DigestsOf(PlanStatus plan) =>
        [.. (plan.Artifacts ?? []).Select(a => a.Digest).Concat(plan.TextDigest is { } text ? [text] : []).Distinct(StringComparer.Ordinal)];

    /// <summary>Whether there is anything to store.</summary>
    public static bool AreNeeded(PlanStatus plan) => DigestsOf(plan).Count > 0;
}
