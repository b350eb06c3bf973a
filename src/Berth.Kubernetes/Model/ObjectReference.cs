namespace Berth.Kubernetes;

/// <summary>Points at an object.</summary>
public sealed record ObjectReference : Extensible
{
    /// <summary>Group and version.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Kind.</summary>
    public string? Kind { get; init; }

    /// <summary>Namespace; null for cluster-scoped objects.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Uid.</summary>
    public string? Uid { get; init; }

    /// <summary>resourceVersion.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Part of the object, such as <c>spec.containers{slot-1}</c>.</summary>
    public string? FieldPath { get; init; }
}
