using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Strategies;

/// <summary>The rules for one container of a pod.</summary>
internal static partial class ContainerRules
{
    private static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];

    private static readonly string[] KnownFields =
    [
        "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations", "spec.nodeName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs", "status.phase", "spec.restartPolicy", "spec.schedulerName", "status.nominatedNodeName",
    ];

    [GeneratedRegex("^[ -<>-~]+$")]
    private static partial Regex EnvironmentName();

    public static void Check(JsonObject container, string at, HashSet<string> names, bool hostNetwork, FieldErrors errors)
    {
        var name = container.TextOr("", "name");
        if (name.Length == 0) errors.Add(FieldError.Required(at + ".name"));
        else if (NameValidation.Name(name, NameRule.Label).Any()) errors.Add(FieldError.InvalidText(at + ".name", name, NameValidation.LabelMessage));
        else if (!names.Add(name)) errors.Add(FieldError.Duplicate(at + ".name", name));
        var image = container.TextOr("", "image");
        if (image.Length == 0) errors.Add(FieldError.Required(at + ".image"));
        else if (image.Trim() != image) errors.Add(FieldError.InvalidText(at + ".image", image, "must not have leading or trailing whitespace"));
        Ports(container, at, hostNetwork, errors);
        Environment(container, at, errors);
        if (container.TextOr("", "imagePullPolicy") is var policy && policy is not ("Always" or "IfNotPresent" or "Never"))
            errors.Add(policy.Length == 0 ? FieldError.Required(at + ".imagePullPolicy") : FieldError.NotSupported(at + ".imagePullPolicy", policy, "Always", "IfNotPresent", "Never"));
        Resources(container.Object("resources"), at + ".resources", errors);
        Security(container.Object("securityContext"), at + ".securityContext", errors);
    }

    /// <summary>An init container that does not stay has nothing to be probed.</summary>
    public static void Init(JsonObject container, string at, FieldErrors errors)
    {
        var restart = container.Text("restartPolicy");
        if (restart is not (null or "Always" or "Never" or "OnFailure")) errors.Add(FieldError.NotSupported(at + ".restartPolicy", restart, "Always", "Never", "OnFailure"));
        if (restart == "Always") return;
        if (container["lifecycle"] is not null) errors.Add(FieldError.Forbidden(at + ".lifecycle", "may not be set for init containers without restartPolicy=Always"));
        foreach (var probe in Probes.Where(p => container[p] is not null))
            errors.Add(FieldError.Forbidden($"{at}.{probe}", "may not be set for init containers without restartPolicy=Always"));
    }

    /// <summary>What the probes of a container that stays may say.</summary>
    public static void CheckProbes(JsonObject container, string at, FieldErrors errors)
    {
        foreach (var name in Probes)
        {
            if (container.Object(name) is not { } probe) continue;
            var path = $"{at}.{name}";
            var handlers = ((string[])["exec", "httpGet", "tcpSocket", "grpc"]).Where(h => probe[h] is not null).ToList();
            if (handlers.Count == 0) errors.Add(FieldError.Required(path, "must specify a handler type"));
            foreach (var more in handlers.Skip(1)) errors.Add(FieldError.Forbidden($"{path}.{more}", "may not specify more than 1 handler type"));
            foreach (var field in (string[])["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
            {
                if (probe.Number(field) is < 0 and var value) errors.Add(FieldError.Invalid($"{path}.{field}", value.Invariant(), "must be greater than or equal to 0"));
            }
            if (name != "readinessProbe" && probe.Number("successThreshold") is not (null or 1) and var times) errors.Add(FieldError.Invalid($"{path}.successThreshold", times!.Value.Invariant(), "must be 1"));
            if (probe["exec"] is { } exec && exec.Array("command") is null or { Count: 0 } && probe["exec"] is not null) errors.Add(FieldError.Required($"{path}.exec.command"));
        }
    }

    private static void Ports(JsonObject container, string at, bool hostNetwork, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (port, i) in container.Objects("ports").Select((p, i) => (p, i)))
        {
            var path = $"{at}.ports[{i}]";
            var name = port.TextOr("", "name");
            if (name.Length > 15) errors.Add(FieldError.InvalidText(path + ".name", name, "must be no more than 15 characters"));
            if (name.Length > 0 && !names.Add(name)) errors.Add(FieldError.Duplicate(path + ".name", name));
            var (number, host) = (port.Number("containerPort") ?? 0, port.Number("hostPort") ?? 0);
            if (number == 0) errors.Add(FieldError.Required(path + ".containerPort"));
            else if (number is < 1 or > 65535) errors.Add(FieldError.Invalid(path + ".containerPort", number.Invariant(), "must be between 1 and 65535, inclusive"));
            if (host is < 0 or > 65535) errors.Add(FieldError.Invalid(path + ".hostPort", host.Invariant(), "must be between 1 and 65535, inclusive"));
            else if (hostNetwork && host != 0 && host != number) errors.Add(FieldError.Invalid(path + ".hostPort", host.Invariant(), "must match `containerPort` when `hostNetwork` is true"));
            if (port.TextOr("", "protocol") is var protocol && protocol is not ("TCP" or "UDP" or "SCTP")) errors.Add(FieldError.NotSupported(path + ".protocol", protocol, "SCTP", "TCP", "UDP"));
        }
    }

    private static void Environment(JsonObject container, string at, FieldErrors errors)
    {
        foreach (var (variable, n) in container.Objects("env").Select((v, n) => (v, n)))
        {
            var path = $"{at}.env[{n}]";
            var name = variable.TextOr("", "name");
            if (name.Length == 0) errors.Add(FieldError.Required(path + ".name"));
            else if (!EnvironmentName().IsMatch(name)) errors.Add(FieldError.InvalidText(path + ".name", name, "a valid environment variable name must consist only of printable ASCII characters other than '='"));
            if (variable.Object("valueFrom") is not { } from) continue;
            FieldReference(from.Object("fieldRef"), path + ".valueFrom.fieldRef", errors);
            if (from.Count == 0) errors.Add(FieldError.InvalidText(path + ".valueFrom", "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"));
            else if (variable.TextOr("", "value").Length > 0) errors.Add(FieldError.InvalidText(path + ".valueFrom", "", "may not be specified when `value` is not empty"));
            else if (from.Count > 1) errors.Add(FieldError.InvalidText(path + ".valueFrom", "", "may not have more than one field specified at a time"));
        }
    }

    private static void FieldReference(JsonObject? reference, string at, FieldErrors errors)
    {
        if (reference is null) return;
        var path = reference.TextOr("", "fieldPath");
        if (path.Length == 0) errors.Add(FieldError.Required(at + ".fieldPath"));
        else if (!path.EndsWith(']') && !KnownFields.Contains(path))
            errors.Add(FieldError.InvalidText(at + ".fieldPath", path, "error converting fieldPath: field label not supported: " + path));
    }

    private static void Resources(JsonObject? resources, string at, FieldErrors errors)
    {
        var limits = resources.Object("limits");
        foreach (var (list, values) in ((string, JsonObject?)[])[("limits", limits), ("requests", resources.Object("requests"))])
        {
            foreach (var (name, value) in values ?? [])
            {
                foreach (var why in ResourceName(name)) errors.Add(FieldError.InvalidText($"{at}.{list}[{name}]", name, why));
                if (Quantity.Parse(value.ScalarText()).Nanos.Sign < 0)
                    errors.Add(FieldError.InvalidText($"{at}.{list}[{name}]", value.ScalarText(), "must be greater than or equal to 0"));
            }
        }
        foreach (var (name, value) in resources.Object("requests") ?? [])
        {
            if (limits?[name] is not { } limit) continue;
            var (asked, most) = (Quantity.Parse(value.ScalarText()).Nanos, Quantity.Parse(limit.ScalarText()).Nanos);
            if (asked > most) errors.Add(FieldError.InvalidText(at + ".requests", value.ScalarText(), $"must be less than or equal to {name} limit of {limit.ScalarText()}"));
        }
    }

    private static IEnumerable<string> ResourceName(string name)
    {
        foreach (var why in NameValidation.QualifiedName(name)) yield return why;
        if (name.Contains('/', StringComparison.Ordinal) || name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal)) yield break;
        if (name is not ("storage" or "pods" or "services" or "secrets" or "configmaps")) yield return "must be a standard resource type or fully qualified";
        yield return "must be a standard resource for containers";
    }

    private static void Security(JsonObject? context, string at, FieldErrors errors)
    {
        if (context is null) return;
        Identities(context, at, errors);
        if (context.Flag("allowPrivilegeEscalation") != false) return;
        string[] added = [.. context.Strings("capabilities", "add")];
        var why = context.Flag("privileged") == true ? "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            : added.Any(c => c is "CAP_SYS_ADMIN" or "SYS_ADMIN") ? "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN" : null;
        if (why is null) return;
        var shown = GoStyle.Struct(context, "Capabilities", "Privileged", "SELinuxOptions:seLinuxOptions", "WindowsOptions", "RunAsUser", "RunAsGroup", "RunAsNonRoot",
            "ReadOnlyRootFilesystem", "AllowPrivilegeEscalation", "ProcMount", "SeccompProfile", "AppArmorProfile");
        errors.Add(FieldError.Invalid(at, shown, why));
    }

    /// <summary>User and group numbers, of a container or of a pod.</summary>
    public static void Identities(JsonObject? context, string at, FieldErrors errors)
    {
        foreach (var field in (string[])["runAsUser", "runAsGroup", "fsGroup"])
        {
            if (context.Number(field) is (< 0 or > int.MaxValue) and var id) errors.Add(FieldError.Invalid($"{at}.{field}", id.Invariant(), "must be between 0 and 2147483647, inclusive"));
        }
    }
}
