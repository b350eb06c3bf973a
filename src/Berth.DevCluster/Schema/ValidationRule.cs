namespace Berth.DevCluster.Schema;

/// <summary>One entry of <c>x-kubernetes-validations</c>.</summary>
internal sealed record ValidationRule(string Rule)
{
    public string Message { get; init; } = "";

    public string MessageExpression { get; init; } = "";

    /// <summary>The reason as written; null for FieldValueInvalid.</summary>
    public string? Reason { get; init; }

    public string FieldPath { get; init; } = "";

    public bool? OptionalOldSelf { get; init; }

    /// <summary>The rule as Kubernetes quotes it in errors about the rule itself.</summary>
    public string Quoted => Message.Trim() is { Length: > 0 } message ? message : Rule.Trim();
}
