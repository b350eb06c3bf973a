namespace Berth.Kubernetes;

/// <summary>Asks whose token this is.</summary>
public sealed record TokenReview() : KubernetesObject("authentication.k8s.io/v1", "TokenReview")
{
    /// <summary>The question.</summary>
    public TokenReviewSpec? Spec { get; init; }

    /// <summary>The answer.</summary>
    public TokenReviewStatus? Status { get; init; }
}

/// <summary>The question of a token review.</summary>
public sealed record TokenReviewSpec : Extensible
{
    /// <summary>The token.</summary>
    public string? Token { get; init; }

    /// <summary>Audiences that the token must be for.</summary>
    public IReadOnlyList<string>? Audiences { get; init; }
}

/// <summary>The answer of a token review.</summary>
public sealed record TokenReviewStatus : Extensible
{
    /// <summary>Whether the token is good.</summary>
    public bool Authenticated { get; init; }

    /// <summary>Whose it is.</summary>
    public UserInfo? User { get; init; }

    /// <summary>Audiences it is good for.</summary>
    public IReadOnlyList<string>? Audiences { get; init; }

    /// <summary>Why it could not be checked.</summary>
    public string? Error { get; init; }
}

/// <summary>A user.</summary>
public sealed record UserInfo
{
    /// <summary>Name.</summary>
    public string? Username { get; init; }

    /// <summary>Uid.</summary>
    public string? Uid { get; init; }

    /// <summary>Groups.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>More about the user, such as the pod a token is bound to.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }
}
