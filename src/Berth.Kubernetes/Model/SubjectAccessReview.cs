namespace Berth.Kubernetes;

/// <summary>Asks whether a user may do something.</summary>
public sealed record SubjectAccessReview() : KubernetesObject("authorization.k8s.io/v1", "SubjectAccessReview")
{
    /// <summary>The question.</summary>
    public SubjectAccessReviewSpec? Spec { get; init; }

    /// <summary>The answer.</summary>
    public SubjectAccessReviewStatus? Status { get; init; }
}

/// <summary>The question of a subject access review.</summary>
public sealed record SubjectAccessReviewSpec : Extensible
{
    /// <summary>User name.</summary>
    public string? User { get; init; }

    /// <summary>Uid of the user.</summary>
    public string? Uid { get; init; }

    /// <summary>Groups of the user.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>The request.</summary>
    public ResourceAttributes? ResourceAttributes { get; init; }
}

/// <summary>A request for a resource.</summary>
public sealed record ResourceAttributes : Extensible
{
    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Verb.</summary>
    public string? Verb { get; init; }

    /// <summary>API group.</summary>
    public string? Group { get; init; }

    /// <summary>API version.</summary>
    public string? Version { get; init; }

    /// <summary>Plural resource name.</summary>
    public string? Resource { get; init; }

    /// <summary>Subresource.</summary>
    public string? Subresource { get; init; }

    /// <summary>Name.</summary>
    public string? Name { get; init; }
}

/// <summary>The answer of a subject access review.</summary>
public sealed record SubjectAccessReviewStatus : Extensible
{
    /// <summary>Whether it is allowed.</summary>
    public bool Allowed { get; init; }

    /// <summary>Whether it is forbidden outright.</summary>
    public bool? Denied { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }

    /// <summary>What went wrong.</summary>
    public string? EvaluationError { get; init; }
}
