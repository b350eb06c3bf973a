using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>The rules for the volumes of a pod and for where its containers mount them.</summary>
internal static class VolumeRules
{
    /// <summary>The sources in the order in which a real server looks for a second one.</summary>
    private static readonly string[] Sources =
    [
        "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs", "flocker", "persistentVolumeClaim", "rbd",
        "cephfs", "quobyte", "downwardAPI", "fc", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected",
        "scaleIO", "cinder", "flexVolume", "csi", "ephemeral", "image",
    ];

    public static void Volumes(JsonObject spec, string path, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (volume, i) in spec.Objects("volumes").Select((v, i) => (v, i)))
        {
            var at = $"{path}.volumes[{i}]";
            var name = volume.TextOr("", "name");
            foreach (var source in Sources.Where(s => volume[s] is not null).Skip(1)) errors.Add(FieldError.Forbidden($"{at}.{source}", "may not specify more than 1 volume type"));
            if (name.Length == 0) errors.Add(FieldError.Required(at + ".name"));
            else if (NameValidation.Name(name, NameRule.Label).FirstOrDefault() is { } why) errors.Add(FieldError.InvalidText(at + ".name", name, why));
            else if (!names.Add(name)) errors.Add(FieldError.Duplicate(at + ".name", name));
            Source(volume, at, errors);
        }
    }

    /// <param name="spec">The pod's spec.</param>
    /// <param name="path">Its path.</param>
    /// <param name="claims">A StatefulSet's claim templates: they are volumes of its pods, too.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static void Mounts(JsonObject spec, string path, IEnumerable<JsonObject> claims, FieldErrors errors)
    {
        var volumes = spec.Objects("volumes").Select(v => v.TextOr("", "name")).Concat(claims.Select(c => c.Name())).ToHashSet(StringComparer.Ordinal);
        foreach (var list in (string[])["containers", "initContainers", "ephemeralContainers"])
        {
            foreach (var (container, i) in spec.Objects(list).Select((c, i) => (c, i))) Mounts(container, $"{path}.{list}[{i}]", volumes, errors);
        }
    }

    private static void Mounts(JsonObject container, string path, HashSet<string> volumes, FieldErrors errors)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (mount, n) in container.Objects("volumeMounts").Select((m, n) => (m, n)))
        {
            var at = $"{path}.volumeMounts[{n}]";
            var (name, where) = (mount.TextOr("", "name"), mount.TextOr("", "mountPath"));
            if (name.Length == 0) errors.Add(FieldError.Required(at + ".name"));
            else if (!volumes.Contains(name)) errors.Add(FieldError.NotFound(at + ".name", name));
            if (where.Length == 0) errors.Add(FieldError.Required(at + ".mountPath"));
            if (!paths.Add(where)) errors.Add(FieldError.InvalidText(at + ".mountPath", where, "must be unique"));
            foreach (var field in (string[])["subPath", "subPathExpr"])
            {
                var sub = mount.TextOr("", field);
                if (sub.StartsWith('/')) errors.Add(FieldError.InvalidText($"{path}.volumeMounts.{field}", sub, "must be a relative path"));
                if (sub.Split('/').Contains("..")) errors.Add(FieldError.InvalidText($"{path}.volumeMounts.{field}", sub, "must not contain '..'"));
            }
            if (mount.TextOr("", "subPath").Length > 0 && mount.TextOr("", "subPathExpr").Length > 0)
                errors.Add(FieldError.InvalidText(at + ".subPathExpr", mount.TextOr("", "subPathExpr"), "subPathExpr and subPath are mutually exclusive"));
        }
    }

    private static void Source(JsonObject volume, string at, FieldErrors errors)
    {
        if (volume.Object("secret") is { } secret && secret.TextOr("", "secretName").Length == 0) errors.Add(FieldError.Required(at + ".secret.secretName"));
        if (volume.Object("configMap") is { } map && map.TextOr("", "name").Length == 0) errors.Add(FieldError.Required(at + ".configMap.name"));
        if (volume.Object("hostPath") is { } host && host.TextOr("", "path").Length == 0) errors.Add(FieldError.Required(at + ".hostPath.path"));
        if (volume.Object("persistentVolumeClaim") is { } claim && claim.TextOr("", "claimName").Length == 0) errors.Add(FieldError.Required(at + ".persistentVolumeClaim.claimName"));
    }
}
