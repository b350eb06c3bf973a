using System.Text.Json.Nodes;

namespace Berth.DevCluster.Cel;

/// <summary>What a policy's expressions look at.</summary>
internal sealed record AdmissionInput
{
    /// <summary>The object as it would be stored; null for deletions.</summary>
    public JsonNode? Object { get; init; }

    /// <summary>The object as it is stored; null for creations.</summary>
    public JsonNode? OldObject { get; init; }

    /// <summary>The request in the form of an AdmissionRequest: kind, resource, name, namespace, operation, userInfo, dryRun, options.</summary>
    public required JsonObject Request { get; init; }

    /// <summary>The binding's parameter object, where the policy has parameters.</summary>
    public JsonNode? Params { get; init; }

    /// <summary>The request's namespace; null for cluster-scoped objects.</summary>
    public JsonObject? Namespace { get; init; }

    public required ICelAuthorizer Authorizer { get; init; }
}
