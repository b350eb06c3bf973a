namespace Berth.Kubernetes;

/// <summary>Selects objects by label.</summary>
public sealed record LabelSelector : Extensible
{
    /// <summary>Labels and values that must be there.</summary>
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    /// <summary>Further requirements.</summary>
    public IReadOnlyList<LabelSelectorRequirement>? MatchExpressions { get; init; }
}

/// <summary>One requirement of a selector.</summary>
public sealed record LabelSelectorRequirement : Extensible
{
    /// <summary>Label.</summary>
    public string? Key { get; init; }

    /// <summary>In, NotIn, Exists or DoesNotExist.</summary>
    public string? Operator { get; init; }

    /// <summary>Values.</summary>
    public IReadOnlyList<string>? Values { get; init; }
}
