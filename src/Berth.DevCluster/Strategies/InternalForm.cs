using System.Text.Json.Nodes;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Strategies;

/// <summary>
/// The form in which a real server compares pod specs: the names and the order of its internal types, where they differ from those
/// that clients write.
/// </summary>
internal static class InternalForm
{
    private static readonly Dictionary<string, string[]> Orders = new(StringComparer.Ordinal)
    {
        ["core/v1.PodSpec"] =
        [
            "volumes", "initContainers", "containers", "ephemeralContainers", "restartPolicy", "terminationGracePeriodSeconds", "activeDeadlineSeconds", "dnsPolicy",
            "nodeSelector", "serviceAccountName", "automountServiceAccountToken", "nodeName", "securityContext", "imagePullSecrets", "hostname", "subdomain",
            "setHostnameAsFQDN", "affinity", "schedulerName", "tolerations", "hostAliases", "priorityClassName", "priority", "preemptionPolicy", "dnsConfig",
            "readinessGates", "runtimeClassName", "overhead", "enableServiceLinks", "topologySpreadConstraints", "os", "schedulingGates", "resourceClaims", "resources",
            "hostnameOverride", "schedulingGroup", "evictionResponders",
        ],
        ["core/v1.PodSecurityContext"] =
        [
            "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers", "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot",
            "supplementalGroups", "supplementalGroupsPolicy", "fsGroup", "fsGroupChangePolicy", "sysctls", "seccompProfile", "appArmorProfile", "seLinuxChangePolicy",
        ],
        ["core/v1.Volume"] =
        [
            "name", "hostPath", "emptyDir", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "secret", "nfs", "iscsi", "glusterfs", "persistentVolumeClaim", "rbd",
            "quobyte", "flexVolume", "cinder", "cephfs", "flocker", "downwardAPI", "fc", "azureFile", "configMap", "vsphereVolume", "azureDisk", "photonPersistentDisk",
            "projected", "portworxVolume", "scaleIO", "storageos", "csi", "ephemeral", "image",
        ],
        ["core/v1.EmptyDirVolumeSource"] = ["medium", "sizeLimit"],
        ["core/v1.HTTPGetAction"] = ["path", "port", "host", "scheme", "httpHeaders"],
    };

    private static readonly string[] OfHost = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"];

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal) { ["cephfs"] = "CephFS", ["storageos"] = "StorageOS", ["serviceAccountName"] = "ServiceAccountName" };

    private static readonly string[] Acronyms = ["api", "aws", "csi", "dns", "fc", "fs", "gce", "grpc", "http", "ip", "iscsi", "nfs", "os", "rbd", "se", "tcp", "tty", "uid"];

    /// <summary>The fields of a struct in internal order.</summary>
    public static IReadOnlyList<Field> Fields(FieldType type)
    {
        if (!Orders.TryGetValue(type.Name, out var order)) return type.Fields;
        var host = type.Name == "core/v1.PodSecurityContext" ? BuiltinTypes.Get("core/v1.PodSpec") : null;
        return [.. order.Select(n => type.Find(n) ?? host?.Find(n)).OfType<Field>()];
    }

    /// <summary>A field's internal name.</summary>
    public static string Name(string json)
    {
        if (Names.TryGetValue(json, out var known)) return known;
        var length = json.TakeWhile(char.IsAsciiLetterLower).Count();
        return Acronyms.Contains(json[..length]) ? json[..length].ToUpperInvariant() + json[length..] : char.ToUpperInvariant(json[0]) + json[1..];
    }

    /// <summary>A spec with the host's namespaces where the internal type has them.</summary>
    public static JsonObject Of(JsonObject spec)
    {
        var moved = (JsonObject)spec.DeepClone();
        foreach (var field in OfHost)
        {
            if (moved[field] is not { } value) continue;
            moved.Remove(field);
            if (moved["securityContext"] is not JsonObject context) moved["securityContext"] = context = [];
            context[field] = value;
        }
        return moved;
    }
}
