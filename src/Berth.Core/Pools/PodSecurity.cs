using System.Text.Json.Nodes;

namespace Berth.Core.Pools;

/// <summary>
/// Security contexts of an agent pod. Our own containers satisfy the restricted profile. A slot gets what the template does not say
/// otherwise; only whether it may run as root is left to the template, because many images do.
/// </summary>
internal static class PodSecurity
{
    /// <summary>The uid of our image, and the one beside it for templates that use the same.</summary>
    private const long OurUid = 65532;

    /// <summary>What a slot does not need to be able to do.</summary>
    public static void Harden(JsonObject container)
    {
        if (container["securityContext"] is not JsonObject context) container["securityContext"] = context = [];
        if (context["privileged"] is JsonValue value && value.TryGetValue(out bool privileged) && privileged) return;
        context.TryAdd("allowPrivilegeEscalation", false);
        if (context["capabilities"] is not JsonObject capabilities) context["capabilities"] = capabilities = [];
        capabilities.TryAdd("drop", new JsonArray("ALL"));
    }

    /// <summary>The system-call filter of the runtime, unless the template names one.</summary>
    public static void Profile(JsonObject spec)
    {
        if (spec["securityContext"] is not JsonObject context) spec["securityContext"] = context = [];
        context.TryAdd("seccompProfile", new JsonObject { ["type"] = "RuntimeDefault" });
    }

    /// <summary>
    /// The agent's own uid where the template fixes one for the pod; otherwise the image's, or the one that the platform assigns (OpenShift
    /// refuses others), and isolation is by containers alone.
    /// </summary>
    public static long? AgentUid(JsonObject spec)
    {
        if (Number(spec["securityContext"]?["runAsUser"]) is null) return null;
        var taken = (spec["containers"] as JsonArray ?? []).OfType<JsonObject>().Select(c => Number(c["securityContext"]?["runAsUser"])).Append(Number(spec["securityContext"]?["runAsUser"])).ToHashSet();
        return taken.Contains(OurUid) ? OurUid - 1 : OurUid;
    }

    /// <summary>The context of our own containers.</summary>
    public static JsonObject OfAgent(long? uid)
    {
        var context = new JsonObject
        {
            ["allowPrivilegeEscalation"] = false,
            ["readOnlyRootFilesystem"] = true,
            ["runAsNonRoot"] = true,
            ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
        };
        if (uid is { } fixedUid) context["runAsUser"] = fixedUid;
        return context;
    }

    private static long? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out long number) ? number : null;
}
