using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Admission;

/// <summary>What a real server's plugins add to pods: service account and its token, priority, tolerations.</summary>
internal static class PodAdmission
{
    private const string TokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static void Admit(Cluster cluster, AdmissionRequest request)
    {
        if (request.Target.Resource is not { Group: "", Plural: "pods" } || request.Operation is not ("CREATE" or "UPDATE") || request.Target.Subresource.Length > 0) return;
        var pod = request.Object!;
        var spec = pod.Ensure("spec");
        if (request.Operation == "CREATE")
        {
            ServiceAccount(cluster, request, spec);
            Priority(cluster, request, spec);
        }
        Tolerate(spec, "node.kubernetes.io/not-ready");
        Tolerate(spec, "node.kubernetes.io/unreachable");
    }

    private static void ServiceAccount(Cluster cluster, AdmissionRequest request, JsonObject spec)
    {
        var ns = request.Target.Namespace;
        var name = spec.Text("serviceAccountName") is { Length: > 0 } given ? given : "default";
        var stored = cluster.Registry.Get("", "serviceaccounts").Store.Find($"{ns}/{name}");
        // The default account is made a moment after its namespace; a pod need not wait for it here.
        if (stored is null && name != "default")
        {
            throw StatusException.Forbidden("", "pods", request.Object!.Name(),
                $"error looking up service account {ns}/{name}: serviceaccount \"{name}\" not found");
        }
        spec["serviceAccountName"] = name;
        spec["serviceAccount"] = name;
        var account = stored?.Parse();
        if (account?.Array("imagePullSecrets") is { Count: > 0 } secrets && spec.Array("imagePullSecrets") is null) spec["imagePullSecrets"] = secrets.DeepClone();
        var mounts = spec.Flag("automountServiceAccountToken") ?? account?.Flag("automountServiceAccountToken") ?? true;
        if (mounts) MountToken(spec);
    }

    private static void MountToken(JsonObject spec)
    {
        var without = spec.Objects("initContainers").Concat(spec.Objects("containers"))
            .Where(c => !c.Objects("volumeMounts").Any(m => m.Text("mountPath") == TokenPath)).ToList();
        if (without.Count == 0) return;
        var name = "kube-api-access-" + RandomNumberGenerator.GetString("bcdfghjklmnpqrstvwxz2456789", 5);
        spec.EnsureArray("volumes").Add(TokenVolume(name));
        foreach (var container in without)
            container.EnsureArray("volumeMounts").Add(new JsonObject { ["name"] = name, ["readOnly"] = true, ["mountPath"] = TokenPath });
    }

    private static JsonObject TokenVolume(string name) => new()
    {
        ["name"] = name,
        ["projected"] = new JsonObject
        {
            ["sources"] = new JsonArray(
                new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                new JsonObject
                {
                    ["configMap"] = new JsonObject
                    {
                        ["name"] = "kube-root-ca.crt",
                        ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }),
                    },
                },
                new JsonObject
                {
                    ["downwardAPI"] = new JsonObject
                    {
                        ["items"] = new JsonArray(new JsonObject
                        {
                            ["path"] = "namespace",
                            ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" },
                        }),
                    },
                }),
            ["defaultMode"] = 420,
        },
    };

    private static void Priority(Cluster cluster, AdmissionRequest request, JsonObject spec)
    {
        long value = 0;
        var preemption = "PreemptLowerPriority";
        if (spec.Text("priorityClassName") is { Length: > 0 } className)
        {
            (value, preemption) = className switch
            {
                "system-cluster-critical" => (2_000_000_000, preemption),
                "system-node-critical" => (2_000_001_000, preemption),
                _ => OfClass(cluster, request, className),
            };
        }
        spec["priority"] = value;
        spec.Default("preemptionPolicy", preemption);
    }

    private static (long, string) OfClass(Cluster cluster, AdmissionRequest request, string className)
    {
        var found = cluster.Registry.Get("scheduling.k8s.io", "priorityclasses").Store.Find(className)?.Parse()
            ?? throw StatusException.Forbidden("", "pods", request.Object!.Name(), $"no PriorityClass with name {className} was found");
        return (found.Number("value") ?? 0, found.TextOr("PreemptLowerPriority", "preemptionPolicy"));
    }

    private static void Tolerate(JsonObject spec, string key)
    {
        var tolerations = spec.Objects("tolerations");
        if (tolerations.Any(t => (t.TextOr("", "key") == key || t.TextOr("", "key").Length == 0) && t.TextOr("", "effect") is "NoExecute" or "")) return;
        spec.EnsureArray("tolerations").Add(new JsonObject { ["key"] = key, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
    }
}
