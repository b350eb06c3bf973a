using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>The paths of a scale subresource and the rules for the values found there.</summary>
internal sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string? LabelSelector)
{
    public IEnumerable<FieldError> ValidateSpec(JsonObject obj) => Replicas(obj, SpecReplicas);

    public IEnumerable<FieldError> ValidateStatus(JsonObject obj)
    {
        foreach (var error in Replicas(obj, StatusReplicas))
            yield return error;
        if (LabelSelector is not { } path || Find(obj, path, out var wrong) is not { } selector)
            yield break;
        if (wrong is not null || selector.Kind != DatumKind.String)
            yield return FieldError.Invalid(FieldPath.Of(path), "", wrong ?? Accessor(path, selector, "string"));
    }

    private static IEnumerable<FieldError> Replicas(JsonObject obj, string path)
    {
        if (Find(obj, path, out var wrong) is not { } replicas)
            yield break;
        var at = FieldPath.Of(path);
        if (wrong is not null || replicas.Kind != DatumKind.Int)
            yield return FieldError.Invalid(at, 0, wrong ?? Accessor(path, replicas, "int64"));
        else if (replicas.Long < 0)
            yield return FieldError.Invalid(at, replicas.Long, "should be a non-negative integer");
        else if (replicas.Long > int.MaxValue)
            yield return FieldError.Invalid(at, replicas.Long, $"should be less than or equal to {int.MaxValue}");
    }

    /// <summary>The value at a simple path; nothing when it is absent, an explanation when something on the way is not an object.</summary>
    private static Datum? Find(JsonObject obj, string path, out string? wrong)
    {
        wrong = null;
        JsonNode? node = obj;
        var steps = path.TrimStart('.').Split('.');
        for (var i = 0; i < steps.Length; i++)
        {
            if (node is not JsonObject fields)
            {
                var datum = Datum.Of(node);
                wrong = $".{string.Join('.', steps[..i])} accessor error: {GoValue(datum)} is of the type {GoType(datum)}, expected map[string]interface{{}}";
                return datum;
            }
            if (!fields.TryGetPropertyValue(steps[i], out node) || (node is null && i < steps.Length - 1))
                return null;
        }
        return Datum.Of(node);
    }

    private static string Accessor(string path, Datum actual, string expected) =>
        $"{path} accessor error: {GoValue(actual)} is of the type {GoType(actual)}, expected {expected}";

    private static string GoValue(Datum datum) => datum.Kind switch
    {
        DatumKind.Null => "<nil>",
        DatumKind.String => datum.Text,
        _ => GoText.Value(datum.Node),
    };

    private static string GoType(Datum datum) => datum.Kind switch
    {
        DatumKind.Bool => "bool",
        DatumKind.Int => "int64",
        DatumKind.Float => "float64",
        DatumKind.String => "string",
        DatumKind.Array => "[]interface {}",
        DatumKind.Object => "map[string]interface {}",
        _ => "<nil>",
    };
}
