using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Writing;

/// <summary>Which parts of an object an endpoint can change: the main one all but status, the status one little else.</summary>
internal static class SubresourceFilter
{
    public static void Keep(Target target, JsonObject next, JsonObject old)
    {
        if (target.Subresource == "ephemeralcontainers")
        {
            KeepAllButEphemeral(next, old);
            return;
        }
        if (!HasStatus(target)) return;
        if (target.Subresource == "status") KeepAllButStatus(target, next, old);
        else if (target.Subresource.Length == 0) Restore(next, old, "status");
    }

    private static void KeepAllButEphemeral(JsonObject next, JsonObject old)
    {
        var asked = next.At("spec", "ephemeralContainers")?.DeepClone();
        Restore(next, old, "spec");
        Restore(next, old, "status");
        if (asked is not null) next.Ensure("spec")["ephemeralContainers"] = asked;
        else next.Ensure("spec").Remove("ephemeralContainers");
    }

    private static bool HasStatus(Target target) => target.Resource.Custom is not null ? target.Version.Subresource("status") is not null : target.Resource.Strategy.HasStatus;

    private static void KeepAllButStatus(Target target, JsonObject next, JsonObject old)
    {
        foreach (var key in next.Select(p => p.Key).Union(old.Select(p => p.Key)).Where(k => k is not ("status" or "metadata" or "kind" or "apiVersion")).ToList()) Restore(next, old, key);
        if (target.Resource.Custom is null)
        {
            // Typed kinds let status writers touch labels and annotations, but nobody's owner.
            Restore(next.Meta(), old.Meta(), "ownerReferences");
            return;
        }
        var managed = next.At("metadata", "managedFields")?.DeepClone();
        var metadata = old.Meta().Clone();
        if (managed is not null) metadata["managedFields"] = managed;
        next["metadata"] = metadata;
    }

    private static void Restore(JsonObject next, JsonObject old, string key)
    {
        if (old[key] is { } kept) next[key] = kept.DeepClone();
        else next.Remove(key);
    }
}
