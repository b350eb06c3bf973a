namespace Berth.Api.Schema;

/// <summary>Declares a record as a Kubernetes resource; the CRD generator starts here.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class KubernetesResourceAttribute(string kind, string plural) : Attribute
{
    /// <summary>The kind, e.g. <c>Task</c>.</summary>
    public string Kind { get; } = kind;

    /// <summary>The plural resource name in lower case, e.g. <c>tasks</c>.</summary>
    public string Plural { get; } = plural;

    /// <summary>Short name for kubectl, e.g. <c>bt</c>.</summary>
    public string? ShortName { get; init; }

    /// <summary>JSON path of the desired replicas; with the other two it adds the scale subresource.</summary>
    public string? ScaleSpecPath { get; init; }

    /// <summary>JSON path of the observed replicas.</summary>
    public string? ScaleStatusPath { get; init; }

    /// <summary>JSON path of the serialized label selector.</summary>
    public string? ScaleSelectorPath { get; init; }
}

/// <summary>A column that <c>kubectl get</c> prints; columns are printed in the order of declaration.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class PrinterColumnAttribute(string name, string jsonPath) : Attribute
{
    /// <summary>Heading.</summary>
    public string Name { get; } = name;

    /// <summary>Simple JSON path below the object, e.g. <c>.status.phase</c>.</summary>
    public string JsonPath { get; } = jsonPath;

    /// <summary>OpenAPI type: string, integer, boolean, date.</summary>
    public string Type { get; init => field = value ?? "string"; } = "string";

    /// <summary>Shown only with <c>-o wide</c>.</summary>
    public bool Wide { get; init; }
}

/// <summary>A CEL validation rule on the schema of the class it stands on.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class RuleAttribute(string expression, string message) : Attribute
{
    /// <summary>CEL expression over <c>self</c> (and <c>oldSelf</c> for transition rules).</summary>
    public string Expression { get; } = expression;

    /// <summary>What the user reads when the rule fails; it says what to change.</summary>
    public string Message { get; } = message;
}

/// <summary>The property must be present.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RequiredFieldAttribute : Attribute;

/// <summary>The property may not change, appear or vanish after creation; becomes a transition rule at the root of the spec.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImmutableAttribute : Attribute;

/// <summary>Bounds of a value. Every string, list and map that a CEL rule touches needs a maximum (cost budget of a real server).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BoundsAttribute : Attribute
{
    /// <summary>Smallest number; <see cref="long.MinValue"/> means none.</summary>
    public long Minimum { get; init; } = long.MinValue;

    /// <summary>Largest number; <see cref="long.MaxValue"/> means none.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    /// <summary>Fewest characters of a string; -1 means none. On a list of strings it applies to the list's items.</summary>
    public int MinLength { get; init; } = -1;

    /// <summary>Most characters of a string; -1 means none. On a list or map of strings it applies to the values.</summary>
    public int MaxLength { get; init; } = -1;

    /// <summary>Fewest items of a list; -1 means none.</summary>
    public int MinItems { get; init; } = -1;

    /// <summary>Most items of a list; -1 means none.</summary>
    public int MaxItems { get; init; } = -1;

    /// <summary>Most entries of a map; -1 means none.</summary>
    public int MaxProperties { get; init; } = -1;
}

/// <summary>A regular expression (RE2) that a string, or each string of a list, must match.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PatternAttribute(string expression) : Attribute
{
    /// <summary>The anchored expression.</summary>
    public string Expression { get; } = expression;
}

/// <summary>The value the API server fills in, as JSON text: <c>"\"10m\""</c>, <c>"3"</c>, <c>"{}"</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DefaultAttribute(string json) : Attribute
{
    /// <summary>JSON text of the default.</summary>
    public string Json { get; } = json;
}

/// <summary>A list keyed by a property of its items (<c>x-kubernetes-list-type: map</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListMapAttribute(string key) : Attribute
{
    /// <summary>The key property, as in JSON.</summary>
    public string Key { get; } = key;
}

/// <summary>A list of unique scalars (<c>x-kubernetes-list-type: set</c>).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ListSetAttribute : Attribute;

/// <summary>An object whose fields are not described here and are kept as they are.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PreserveUnknownFieldsAttribute : Attribute;

/// <summary>A duration such as <c>90s</c>, <c>10m</c> or <c>1h30m</c>; adds its pattern and maximum length.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute : Attribute;
