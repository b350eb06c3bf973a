using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Strategies;

/// <summary>The checks of pod specs that users meet most.</summary>
internal static class PodValidation
{
    private const string UpdateRule = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        + "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static void Spec(JsonObject? spec, string path, FieldErrors errors, string? onlyRestart = null, IEnumerable<JsonObject>? claims = null)
    {
        if (spec is null) return;
        VolumeRules.Volumes(spec, path, errors);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var hostNetwork = spec.Flag("hostNetwork") == true;
        if (spec.Array("containers") is not { Count: > 0 }) errors.Add(FieldError.Required(path + ".containers"));
        foreach (var (container, i) in spec.Objects("containers").Select((c, i) => (c, i)))
        {
            ContainerRules.Check(container, $"{path}.containers[{i}]", names, hostNetwork, errors);
            ContainerRules.CheckProbes(container, $"{path}.containers[{i}]", errors);
        }
        foreach (var (container, i) in spec.Objects("initContainers").Select((c, i) => (c, i)))
        {
            ContainerRules.Check(container, $"{path}.initContainers[{i}]", names, hostNetwork, errors);
            ContainerRules.Init(container, $"{path}.initContainers[{i}]", errors);
        }
        VolumeRules.Mounts(spec, path, claims ?? [], errors);
        Policies(spec, path, onlyRestart, errors);
        ContainerRules.Identities(spec.Object("securityContext"), path + ".securityContext", errors);
        Placement(spec, path, errors);
    }

    private static void Placement(JsonObject spec, string path, FieldErrors errors)
    {
        MetadataRules.Labels(spec.Object("nodeSelector"), path + ".nodeSelector", errors);
        foreach (var (toleration, i) in spec.Objects("tolerations").Select((t, i) => (t, i)))
        {
            var at = $"{path}.tolerations[{i}]";
            var operation = toleration.TextOr("", "operator");
            if (operation is not ("" or "Equal" or "Exists")) errors.Add(FieldError.NotSupported(at + ".operator", operation, "Equal", "Exists"));
            if (operation == "Exists" && toleration.TextOr("", "value").Length > 0) errors.Add(FieldError.InvalidText(at + ".operator", toleration.TextOr("", "value"), "value must be empty when `operator` is 'Exists'"));
            if (toleration.TextOr("", "key").Length == 0 && operation != "Exists") errors.Add(FieldError.InvalidText(at + ".operator", operation, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
            if (toleration.TextOr("", "effect") is { Length: > 0 } effect and not ("NoSchedule" or "PreferNoSchedule" or "NoExecute"))
                errors.Add(FieldError.NotSupported(at + ".effect", effect, "NoSchedule", "PreferNoSchedule", "NoExecute"));
        }
        foreach (var field in (string[])["hostname", "subdomain"])
        {
            var name = spec.TextOr("", field);
            foreach (var why in name.Length == 0 ? [] : NameValidation.Name(name, NameRule.Label)) errors.Add(FieldError.InvalidText($"{path}.{field}", name, why));
        }
    }

    private static void Policies(JsonObject spec, string path, string? onlyRestart, FieldErrors errors)
    {
        var policy = spec.TextOr("", "restartPolicy");
        if (policy is not ("Always" or "OnFailure" or "Never"))
            errors.Add(FieldError.NotSupported(path + ".restartPolicy", policy, "Always", "OnFailure", "Never"));
        else if (onlyRestart is not null && policy != onlyRestart)
            errors.Add(FieldError.NotSupported(path + ".restartPolicy", policy, onlyRestart));
        if (spec.TextOr("", "dnsPolicy") is var dns && dns is not ("ClusterFirstWithHostNet" or "ClusterFirst" or "Default" or "None"))
            errors.Add(FieldError.NotSupported(path + ".dnsPolicy", dns, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"));
        if (spec.Number("activeDeadlineSeconds") is (< 1 or > int.MaxValue) and var deadline)
            errors.Add(FieldError.Invalid(path + ".activeDeadlineSeconds", deadline.Invariant(), "must be between 1 and 2147483647, inclusive"));
    }

    /// <summary>Ephemeral containers only come; they need a name, an image and perhaps a container that exists.</summary>
    public static void Ephemeral(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var spec = obj.Object("spec") ?? [];
        var names = spec.Objects("containers").Concat(spec.Objects("initContainers")).Select(c => c.TextOr("", "name")).ToHashSet(StringComparer.Ordinal);
        var targets = names.ToHashSet(StringComparer.Ordinal);
        foreach (var (container, i) in spec.Objects("ephemeralContainers").Select((c, i) => (c, i)))
        {
            var at = $"spec.ephemeralContainers[{i}]";
            ContainerRules.Check(container, at, names, false, errors);
            if (container.TextOr("", "targetContainerName") is { Length: > 0 } wanted && !targets.Contains(wanted)) errors.Add(FieldError.NotFound(at + ".targetContainerName", wanted));
            foreach (var field in (string[])["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"])
            {
                if (container[field] is not null) errors.Add(FieldError.Forbidden($"{at}.{field}", "cannot be set for an Ephemeral Container"));
            }
        }
        foreach (var present in old.Objects("spec", "ephemeralContainers"))
        {
            var kept = spec.Objects("ephemeralContainers").FirstOrDefault(c => c.Text("name") == present.Text("name"));
            if (kept is null) errors.Add(FieldError.Forbidden("spec.ephemeralContainers", $"existing ephemeral containers {FieldError.Quote(present.TextOr("", "name"))} may not be removed\n"));
            else if (!JsonNode.DeepEquals(kept, present)) errors.Add(FieldError.Forbidden("spec.ephemeralContainers", $"existing ephemeral containers {FieldError.Quote(present.TextOr("", "name"))} may not be changed\n"));
        }
    }

    // A deadline may come, and come nearer.
    private static void Deadline(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        if (old.Number("spec", "activeDeadlineSeconds") is not { } before) return;
        if (obj.Number("spec", "activeDeadlineSeconds") is not { } now)
            errors.Add(FieldError.Invalid("spec.activeDeadlineSeconds", "null", "must not update from a positive integer to nil value"));
        else if (now > before)
            errors.Add(FieldError.Invalid("spec.activeDeadlineSeconds", now.Invariant(), "must be less than or equal to previous value"));
    }

    // Tolerations may be added; those that are there stay.
    private static void Tolerations(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var now = obj.Objects("spec", "tolerations").ToList();
        foreach (var kept in old.Objects("spec", "tolerations"))
        {
            var same = now.Exists(t => ((string[])["key", "operator", "value", "effect"]).All(f => t.TextOr("", f) == kept.TextOr("", f)));
            if (same) continue;
            errors.Add(FieldError.Forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"));
            return;
        }
    }

    public static void Update(JsonObject obj, JsonObject old, FieldErrors errors)
    {
        var (next, before) = (obj.Object("spec")?.Clone() ?? [], old.Object("spec")?.Clone() ?? []);
        // What may change is made equal before the rest is compared.
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            var (a, b) = (next.Array(list), before.Array(list));
            if (a is null || b is null || a.Count != b.Count) continue;
            for (var i = 0; i < a.Count; i++) a[i]!["image"] = b[i]!["image"]?.DeepClone();
        }
        foreach (var field in (ReadOnlySpan<string>)["activeDeadlineSeconds", "tolerations", "schedulingGates"])
        {
            if (before[field] is { } kept) next[field] = kept.DeepClone();
            else next.Remove(field);
        }
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            if ((next.Array(list)?.Count ?? 0) == (before.Array(list)?.Count ?? 0)) continue;
            errors.Add(FieldError.Forbidden("spec." + list, "pod updates may not add or remove containers"));
            return;
        }
        Deadline(obj, old, errors);
        Tolerations(obj, old, errors);
        if (before["nodeName"] is null && next["nodeName"] is not null) next.Remove("nodeName");
        if (JsonNode.DeepEquals(next, before)) return;
        errors.Add(FieldError.Forbidden("spec", UpdateRule + "\n" + PodSpecDiff.Between(before, next)));
    }
}
