using System.Text.Json.Nodes;
using Berth.Api;

namespace Berth.Core.Pools;

/// <summary>Finds fields of a template that no pod has: an API server would drop them without a word. A newer Kubernetes may know more, so this only warns.</summary>
internal static class TemplateFields
{
    private static readonly HashSet<string> OfSpec = new(StringComparer.Ordinal)
    {
        "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy", "enableServiceLinks", "ephemeralContainers", "hostAliases", "hostIPC",
        "hostNetwork", "hostPID", "hostUsers", "hostname", "hostnameOverride", "imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "overhead", "preemptionPolicy", "priority",
        "priorityClassName", "readinessGates", "resourceClaims", "resources", "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "securityContext", "serviceAccount",
        "serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes", "workloadRef",
    };

    private static readonly HashSet<string> OfContainer = new(StringComparer.Ordinal)
    {
        "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports", "readinessProbe", "resizePolicy", "resources", "restartPolicy",
        "restartPolicyRules", "securityContext", "startupProbe", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir",
    };

    private static readonly HashSet<string> OfTemplate = new(StringComparer.Ordinal) { "metadata", "spec" };

    /// <summary>Each unknown field in words.</summary>
    public static IReadOnlyList<string> Unknown(JsonObject template)
    {
        var found = new List<string>(In(template, OfTemplate, "spec.template"));
        if (template["spec"] is not JsonObject spec) return found;
        found.AddRange(In(spec, OfSpec, "spec.template.spec"));
        foreach (var list in new[] { "containers", "initContainers" })
            foreach (var container in (spec[list] as JsonArray ?? []).OfType<JsonObject>())
                found.AddRange(In(container, OfContainer, $"spec.template.spec.{list}[{(string?)container["name"]}]"));
        foreach (var ignored in new[] { "args", "command" })
            if ((spec["containers"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(c => c["name"] is JsonValue v && v.TryGetValue(out string? n) && n == Names.TaskContainer)?.ContainsKey(ignored) == true)
                found.Add($"container task has {ignored}, which is not used: the runner is its first process, and tasks say what runs");
        return found;
    }

    private static IEnumerable<string> In(JsonObject node, HashSet<string> known, string where) =>
        node.Where(f => !known.Contains(f.Key)).Select(f => $"{where} has a field {f.Key} that pods do not have; it is dropped{Meant(f.Key, known)}");

    private static string Meant(string name, HashSet<string> known) =>
        known.FirstOrDefault(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase) || k.StartsWith(name, StringComparison.Ordinal) || name.StartsWith(k, StringComparison.Ordinal)) is { } near ? $" (did you mean {near}?)" : "";
}
