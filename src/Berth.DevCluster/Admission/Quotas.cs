using System.Numerics;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Admission;

/// <summary>
/// ResourceQuotas, as far as they count objects: <c>count/RESOURCE.GROUP</c>, and <c>pods</c> and other core kinds by their plain names.
/// Sums of requests and limits, scopes and <c>status.used</c> are not kept.
/// </summary>
internal static class Quotas
{
    private static readonly BigInteger One = 1_000_000_000;

    public static void Check(Cluster cluster, AdmissionRequest request)
    {
        var (resource, ns) = (request.Target.Resource, request.Target.Namespace);
        if (request.Operation != "CREATE" || request.Target.Subresource.Length > 0 || !resource.Namespaced || resource.Virtual) return;
        string[] names = resource.Group.Length == 0 ? [resource.Plural, "count/" + resource.Plural] : [$"count/{resource.Plural}.{resource.Group}"];
        foreach (var quota in In(cluster.Registry.Get("", "resourcequotas").Store, ns))
            foreach (var name in names)
            {
                if (quota.Parse().Text("spec", "hard", name) is not { } hard) continue;
                var used = Used(resource.Store, ns, podsAlone: name == "pods");
                if (((used + 1) * One) <= Quantity.Parse(hard).Nanos) continue;
                throw StatusException.Forbidden(resource.Group, resource.Plural, request.Object?.Name() ?? "", $"exceeded quota: {quota.Name}, requested: {name}=1, used: {name}={used}, limited: {name}={hard}");
            }
    }

    // Pods that are over hold nothing; other objects count while they are there.
    private static int Used(ResourceStore store, string ns, bool podsAlone) =>
        In(store, ns).Count(o => !podsAlone || o.Parse().Text("status", "phase") is not ("Succeeded" or "Failed"));

    private static IEnumerable<StoredObject> In(ResourceStore store, string ns) => store.Current.Where(o => o.Namespace == ns);
}
