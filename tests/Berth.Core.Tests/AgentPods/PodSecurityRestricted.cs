using System.Text.Json.Nodes;

namespace Berth.Core.Tests.AgentPods;

/// <summary>
/// The rules of the Pod Security Standard "restricted" (Kubernetes 1.32), and what OpenShift's restricted-v2 asks beyond it, as a check of one
/// pod. Written from the standard, not from the code it checks.
/// </summary>
internal static class PodSecurityRestricted
{
    private static readonly string[] Volumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    public static IEnumerable<string> Violations(JsonObject pod)
    {
        var spec = pod["spec"]!.AsObject();
        foreach (var host in new[] { "hostNetwork", "hostPID", "hostIPC" })
            if ((bool?)spec[host] == true) yield return host;
        foreach (var volume in (spec["volumes"] as JsonArray ?? []).OfType<JsonObject>())
            if (volume.Select(f => f.Key).Single(k => k != "name") is var kind && !Volumes.Contains(kind)) yield return $"volume {volume["name"]} is a {kind}";
        var podContext = spec["securityContext"] as JsonObject;
        if ((long?)podContext?["runAsUser"] == 0) yield return "pod runs as root";
        foreach (var container in (spec["initContainers"] as JsonArray ?? []).Concat(spec["containers"]!.AsArray()).OfType<JsonObject>())
            foreach (var violation in OfContainer(container, podContext)) yield return $"{container["name"]}: {violation}";
    }

    /// <summary>OpenShift gives each namespace a range of uids; a fixed one outside of it is refused.</summary>
    public static IEnumerable<string> FixedIds(JsonObject pod)
    {
        var spec = pod["spec"]!.AsObject();
        foreach (var holder in (spec["initContainers"] as JsonArray ?? []).Concat(spec["containers"]!.AsArray()).OfType<JsonObject>().Append(spec))
            foreach (var id in new[] { "runAsUser", "runAsGroup", "fsGroup", "supplementalGroups" })
                if (holder["securityContext"]?[id] is not null) yield return $"{holder["name"] ?? "pod"}: {id}";
    }

    private static IEnumerable<string> OfContainer(JsonObject container, JsonObject? podContext)
    {
        var context = container["securityContext"] as JsonObject;
        if ((bool?)context?["privileged"] == true) yield return "privileged";
        if ((bool?)context?["allowPrivilegeEscalation"] != false) yield return "allowPrivilegeEscalation is not false";
        if ((bool?)(context?["runAsNonRoot"] ?? podContext?["runAsNonRoot"]) != true) yield return "runAsNonRoot is not true";
        if ((long?)context?["runAsUser"] == 0) yield return "runs as root";
        var profile = (string?)(context?["seccompProfile"]?["type"] ?? podContext?["seccompProfile"]?["type"]);
        if (profile is not ("RuntimeDefault" or "Localhost")) yield return "no seccomp profile";
        var capabilities = context?["capabilities"];
        if ((capabilities?["drop"] as JsonArray)?.Any(c => (string?)c == "ALL") != true) yield return "does not drop ALL capabilities";
        if ((capabilities?["add"] as JsonArray)?.Any(c => (string?)c != "NET_BIND_SERVICE") == true) yield return "adds capabilities";
        if ((container["ports"] as JsonArray)?.Any(p => p?["hostPort"] is not null) == true) yield return "hostPort";
    }
}
