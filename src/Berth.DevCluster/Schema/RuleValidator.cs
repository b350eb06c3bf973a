using System.Text.Json.Nodes;
using Berth.DevCluster.Cel;

namespace Berth.DevCluster.Schema;

/// <summary>The CEL rules of a schema node and of all below it, compiled once and run over objects.</summary>
internal sealed class RuleValidator
{
    private readonly StructuralSchema schema;
    private readonly CelDecl? decl;
    private readonly CompiledRule[] rules;
    private readonly RuleValidator? items;
    private readonly RuleValidator? additional;
    private readonly Dictionary<string, RuleValidator> properties = new(StringComparer.Ordinal);

    private RuleValidator(StructuralSchema schema, CelDecl? decl)
    {
        this.schema = schema;
        this.decl = decl;
        rules = decl is null ? [] : [.. schema.Rules.Where(r => r.Rule.Trim().Length > 0).Select(r => CompiledRule.Compile(r, decl))];
        items = schema.Items is { } item ? For(item, item.EmbeddedResource, decl?.Element) : null;
        additional = schema.AdditionalProperties is { } value ? For(value, value.EmbeddedResource, decl?.Element) : null;
        foreach (var (name, property) in schema.Properties)
        {
            var known = CelNames.Escape(name) is { } escaped ? decl?.Fields.GetValueOrDefault(escaped)?.Decl : null;
            if (For(property, property.EmbeddedResource, known?.Schema is null ? null : known) is { } below)
                properties[name] = below;
        }
    }

    /// <summary>The rules of a schema and all below it; null when there are none.</summary>
    public static RuleValidator? For(StructuralSchema schema, bool resourceRoot) => For(schema, resourceRoot, null);

    /// <summary>The errors of the rules that an object breaks. Without a correlation the object is new.</summary>
    public IReadOnlyList<FieldError> Validate(JsonNode value, Correlation? correlation)
    {
        var run = new RuleRun();
        Visit(run, value, correlation?.Old, null, new RuleOrigin(correlation, null));
        return run.Errors;
    }

    /// <summary>The errors of the rules that a default breaks: as a value that stays, and then as one that is new.</summary>
    public IReadOnlyList<FieldError> ValidateDefault(JsonNode value, FieldPath path)
    {
        foreach (var old in (JsonNode?[])[value, null])
        {
            var run = new RuleRun();
            Visit(run, value, old, path, RuleOrigin.None);
            if (run.Errors.Count > 0)
                return run.Errors;
        }
        return [];
    }

    private static RuleValidator? For(StructuralSchema schema, bool resourceRoot, CelDecl? decl) =>
        schema.HasRules ? new RuleValidator(schema, decl ?? SchemaDecl.Of(schema, resourceRoot)) : null;

    private void Visit(RuleRun run, JsonNode? value, JsonNode? old, FieldPath? path, RuleOrigin origin)
    {
        if (value is null || run.OutOfBudget)
            return;
        if (rules.Length > 0)
            run.Check(rules, decl!, schema, value, old, path, origin);
        if (value is JsonArray array && items is not null)
            VisitItems(run, array, old as JsonArray, path, origin);
        if (value is not JsonObject fields || (additional is null && properties.Count == 0))
            return;
        foreach (var (name, field) in fields)
        {
            var oldField = (old as JsonObject)?[name];
            additional?.Visit(run, field, oldField, FieldPath.Key(path, name), origin.Key(name));
            if (properties.TryGetValue(name, out var property))
                property.Visit(run, field, oldField, FieldPath.Child(path, name), origin.Key(name));
        }
    }

    private void VisitItems(RuleRun run, JsonArray array, JsonArray? old, FieldPath? path, RuleOrigin origin)
    {
        var oldItems = schema.ListType == "map" && old is not null ? new ListMap(schema, old) : null;
        for (var i = 0; i < array.Count; i++)
            items!.Visit(run, array[i], oldItems?.Find(array[i]), FieldPath.Index(path, i), origin.Index(i));
    }
}
