namespace Berth.Kubernetes;

/// <summary>The API server's answer when it does not return an object.</summary>
public sealed record Status() : KubernetesObject("v1", "Status")
{
    /// <summary>The HTTP status code; 0 when there was no answer.</summary>
    public int Code { get; init; }

    /// <summary>Machine-readable reason, such as <c>NotFound</c> or <c>Conflict</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>Text for people.</summary>
    public string? Message { get; init; }

    /// <summary>Which object and which fields.</summary>
    public StatusDetails? Details { get; init; }
}

/// <summary>What a <see cref="Status"/> is about.</summary>
public sealed record StatusDetails : Extensible
{
    /// <summary>Name of the object.</summary>
    public string? Name { get; init; }

    /// <summary>API group of the object.</summary>
    public string? Group { get; init; }

    /// <summary>Kind, or resource name, of the object.</summary>
    public string? Kind { get; init; }

    /// <summary>Uid of the object.</summary>
    public string? Uid { get; init; }

    /// <summary>One entry per thing that is wrong.</summary>
    public IReadOnlyList<StatusCause>? Causes { get; init; }

    /// <summary>Seconds after which the request may be repeated.</summary>
    public int? RetryAfterSeconds { get; init; }
}

/// <summary>One thing that is wrong with a request.</summary>
public sealed record StatusCause
{
    /// <summary>Machine-readable reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Text for people.</summary>
    public string? Message { get; init; }

    /// <summary>JSON path of the field.</summary>
    public string? Field { get; init; }
}
