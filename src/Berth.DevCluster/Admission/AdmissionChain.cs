using System.Text.Json.Nodes;
using Berth.DevCluster.Access;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Admission;

/// <summary>One write on its way to storage.</summary>
/// <param name="Request">Who asks.</param>
/// <param name="Target">For what.</param>
/// <param name="Operation">CREATE, UPDATE, DELETE or CONNECT.</param>
/// <param name="Object">The new state, which admission may change; null for a deletion.</param>
/// <param name="Old">The present state; null for a creation.</param>
internal sealed record AdmissionRequest(ApiRequest Request, Target Target, string Operation, JsonObject? Object, JsonObject? Old);

/// <summary>The admission plugins, in order.</summary>
internal sealed class AdmissionChain(Cluster cluster, IAuthorizer authorizer)
{
    private readonly ValidatingPolicies _policies = new(cluster, authorizer);

    /// <summary>What may change an object, before the server fills it in and validates it.</summary>
    public void Admit(AdmissionRequest request)
    {
        NamespaceLifecycle(request);
        PodAdmission.Admit(cluster, request);
        NodeAdmission.Admit(request);
    }

    /// <summary>What may only refuse an object, once it is valid.</summary>
    public void Validate(AdmissionRequest request)
    {
        if (cluster.Options.IdentityRule) IdentityRule.Admit(request);
        if (authorizer is RbacAuthorizer rbac) RbacEscalation.Check(rbac, request);
        _policies.Validate(request);
        Quotas.Check(cluster, request);
    }

    private void NamespaceLifecycle(AdmissionRequest request)
    {
        var resource = request.Target.Resource;
        if (request.Operation == "DELETE" && resource is { Group: "", Plural: "namespaces" } && request.Target.Name is "default" or "kube-system" or "kube-public")
            throw StatusException.Forbidden("", "namespaces", request.Target.Name, "this namespace may not be deleted");
        if (request.Operation != "CREATE" || !resource.Namespaced || resource.Virtual) return;
        var name = request.Target.Namespace;
        var found = cluster.Registry.Get("", "namespaces").Store.Find(name) ?? throw StatusException.NotFound("", "namespaces", name);
        if (found.Json.Span.IndexOf("\"deletionTimestamp\""u8) < 0 || found.Parse().At("metadata", "deletionTimestamp") is null) return;
        var causes = new JsonArray(new JsonObject
        {
            ["reason"] = "NamespaceTerminating",
            ["message"] = $"namespace {name} is being terminated",
            ["field"] = "metadata.namespace",
        });
        throw StatusException.Forbidden(resource.Group, resource.Plural, request.Object?.Name() ?? "",
            $"unable to create new content in namespace {name} because it is being terminated", causes);
    }
}
