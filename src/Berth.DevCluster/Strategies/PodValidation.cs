using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Strategies;

/// <summary>The checks of pod specs that users meet most.</summary>
internal static partial class PodValidation
{
    private const string UpdateRule = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        + "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex("^[^=]+$")]
    private static partial Regex EnvironmentName();

    public static void Spec(JsonObject? spec, string path, FieldErrors errors, string? onlyRestart = null, IEnumerable<JsonObject>? claims = null)
    {
        if (spec?.Array("containers") is not { Count: > 0 } containers)
        {
            errors.Add(FieldError.Required(path + ".containers"));
            return;
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        Containers(containers, path + ".containers", names, errors);
        if (spec.Array("initContainers") is { } init) Containers(init, path + ".initContainers", names, errors);
        Mounts(spec, path, errors, claims ?? []);
        var policy = spec.TextOr("", "restartPolicy");
        if (policy is not ("Always" or "OnFailure" or "Never"))
            errors.Add(FieldError.NotSupported(path + ".restartPolicy", policy, "Always", "OnFailure", "Never"));
        else if (onlyRestart is not null && policy != onlyRestart)
            errors.Add(FieldError.NotSupported(path + ".restartPolicy", policy, onlyRestart));
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
        if (before["nodeName"] is null && next["nodeName"] is not null) next.Remove("nodeName");
        if (JsonNode.DeepEquals(next, before)) return;
        errors.Add(FieldError.Forbidden("spec", UpdateRule + "\n" + PodSpecDiff.Between(before, next)));
    }

    private static void Containers(JsonArray containers, string path, HashSet<string> names, FieldErrors errors)
    {
        for (var i = 0; i < containers.Count; i++)
        {
            var at = $"{path}[{i}]";
            if (containers[i] is not JsonObject container) continue;
            var name = container.TextOr("", "name");
            if (name.Length == 0) errors.Add(FieldError.Required(at + ".name"));
            else if (!Label().IsMatch(name) || name.Length > 63) errors.Add(FieldError.InvalidText(at + ".name", name, NameValidation.LabelMessage));
            else if (!names.Add(name)) errors.Add(FieldError.Duplicate(at + ".name", name));
            if (container.TextOr("", "image").Length == 0) errors.Add(FieldError.Required(at + ".image"));
            foreach (var (variable, n) in container.Objects("env").Select((v, n) => (v, n)))
            {
                if (variable.TextOr("", "name").Length == 0) errors.Add(FieldError.Required($"{at}.env[{n}].name"));
                else if (!EnvironmentName().IsMatch(variable.TextOr("", "name")))
                    errors.Add(FieldError.InvalidText($"{at}.env[{n}].name", variable.TextOr("", "name"), "a valid environment variable name must consist only of printable ASCII characters other than '='"));
            }
        }
    }

    // A StatefulSet's claim templates are volumes of its pods, too.
    private static void Mounts(JsonObject spec, string path, FieldErrors errors, IEnumerable<JsonObject> claims)
    {
        var volumes = spec.Objects("volumes").Select(v => v.TextOr("", "name")).Concat(claims.Select(c => c.Name())).ToHashSet(StringComparer.Ordinal);
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach (var (container, i) in spec.Objects(list).Select((c, i) => (c, i)))
            {
                foreach (var (mount, n) in container.Objects("volumeMounts").Select((m, n) => (m, n)))
                {
                    var name = mount.TextOr("", "name");
                    if (!volumes.Contains(name)) errors.Add(FieldError.NotFound($"{path}.{list}[{i}].volumeMounts[{n}].name", name));
                    if (mount.TextOr("", "mountPath").Length == 0) errors.Add(FieldError.Required($"{path}.{list}[{i}].volumeMounts[{n}].mountPath"));
                }
            }
        }
    }
}
