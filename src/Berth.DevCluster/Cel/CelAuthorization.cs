namespace Berth.DevCluster.Cel;

/// <summary>What an expression asks the cluster's authorizer.</summary>
internal sealed record CelAuthorizationQuery
{
    public required string Verb { get; init; }

    /// <summary>The path of a non-resource request; empty for resources.</summary>
    public string Path { get; init; } = "";

    public string Group { get; init; } = "";

    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Name { get; init; } = "";

    /// <summary>The service account that is asked about as namespace and name; null for the requesting user.</summary>
    public (string Namespace, string Name)? ServiceAccount { get; init; }
}

/// <summary>The authorizer's answer; an error does not allow.</summary>
internal sealed record CelDecision(bool Allowed, string Reason = "", string Error = "") : ICelOpaque
{
    public const string Name = "kubernetes.authorization.Decision";

    public string TypeName => Name;

    public bool SameAs(ICelOpaque other) => Equals(other as CelDecision);
}

/// <summary>Answers the questions of admission expressions about the requesting user; the API server implements it.</summary>
internal interface ICelAuthorizer
{
    CelDecision Decide(CelAuthorizationQuery query);
}
