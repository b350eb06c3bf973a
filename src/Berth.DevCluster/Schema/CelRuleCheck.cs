using System.Globalization;
using System.Text;
using Berth.DevCluster.Cel;

namespace Berth.DevCluster.Schema;

/// <summary>Compiles the CEL rules of a schema as a CustomResourceDefinition is checked, and adds up what they may cost.</summary>
internal sealed class CelRuleCheck
{
    private const ulong RuleLimit = 10_000_000;
    private const ulong TotalLimit = 100_000_000;

    private readonly List<(FieldPath Path, ulong Cost)> expensive = [];
    private ulong total;

    public static CelScope Root(StructuralSchema schema) => new(schema, 1, ResourceRoot: true);

    /// <summary>The errors of the rules at one node.</summary>
    public IEnumerable<FieldError> Check(StructuralSchema schema, FieldPath path, FieldPath? noOldSelf, CelScope scope)
    {
        var rulesAt = path.Child("x-kubernetes-validations");
        if (SchemaDecl.Of(schema, scope.ResourceRoot) is not { } decl)
            return [FieldError.Internal(rulesAt, "internal error: failed to construct type information for x-kubernetes-validations rules: "
                + "unable to convert structural schema to CEL declarations")];
        var errors = new List<FieldError>();
        var cardinality = scope.Cardinality ?? (ulong)(SchemaDecl.MaxRequest / (decl.MinSize + 1));
        for (var i = 0; i < schema.Rules.Count; i++)
            CheckRule(schema.Rules[i], decl, rulesAt.Index(i), noOldSelf, cardinality, errors);
        return errors;
    }

    /// <summary>The errors of what all rules together may cost.</summary>
    public IEnumerable<FieldError> TotalErrors(FieldPath path)
    {
        if (total <= TotalLimit)
            yield break;
        foreach (var rule in expensive.Where(e => e.Cost >= TotalLimit / 100).OrderByDescending(e => e.Cost).Take(4))
            yield return FieldError.Forbidden(rule.Path, "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema");
        yield return FieldError.Forbidden(path, OverBudget("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema", total, TotalLimit));
    }

    private void CheckRule(ValidationRule rule, CelDecl decl, FieldPath path, FieldPath? noOldSelf, ulong cardinality, List<FieldError> errors)
    {
        var compiled = CompiledRule.Compile(rule, decl);
        var ruleAt = path.Child("rule");
        if (compiled.Program is { } program)
            Budget(CelScope.Multiply(CelCostEstimator.Estimate(program), cardinality), "estimated rule cost", ruleAt, errors);
        if (compiled.Error.Length > 0)
            errors.Add(FieldError.Invalid(ruleAt, rule.Rule, compiled.Error) with { ValueText = Written(rule) });
        var messageAt = path.Child("messageExpression");
        if (compiled.MessageError.Length > 0)
            errors.Add(FieldError.Invalid(messageAt, rule.MessageExpression, compiled.MessageError) with { ValueText = Written(rule) });
        else if (compiled.Message is { } message)
            Budget(CelCostEstimator.Estimate(message), "estimated messageExpression cost", messageAt, errors);
        if (compiled.UsesOldSelf && noOldSelf is not null)
            errors.Add(FieldError.Invalid(ruleAt, rule.Rule, $"oldSelf cannot be used on the uncorrelatable portion of the schema within {noOldSelf}"));
        else if (!compiled.UsesOldSelf && rule.OptionalOldSelf is { } optional)
            errors.Add(FieldError.Invalid(path.Child("optionalOldSelf"), optional, "may not be set if oldSelf is not used in rule"));
    }

    private void Budget(ulong cost, string what, FieldPath path, List<FieldError> errors)
    {
        if (cost > RuleLimit)
            errors.Add(FieldError.Forbidden(path, OverBudget(what, cost, RuleLimit)));
        total = ulong.MaxValue - total < cost ? ulong.MaxValue : total + cost;
        expensive.Add((path, cost));
    }

    private static string OverBudget(string what, ulong cost, ulong limit)
    {
        var factor = (double)cost / limit;
        var text = factor > 100 ? "more than 100x"
            : factor.ToString(factor < 1.5 ? "F6" : "F1", CultureInfo.InvariantCulture) + "x";
        return $"{what} exceeds budget by factor of {text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength "
            + "where arrays, maps, and strings are declared)";
    }

    /// <summary>A rule as errors show it: the fields of Kubernetes' own type.</summary>
    private static string Written(ValidationRule rule)
    {
        var text = new StringBuilder("{\"Rule\":").Append(GoText.Json(rule.Rule));
        text.Append(",\"Message\":").Append(GoText.Json(rule.Message));
        text.Append(",\"MessageExpression\":").Append(GoText.Json(rule.MessageExpression));
        text.Append(",\"Reason\":").Append(rule.Reason is null ? "null" : GoText.Json(rule.Reason));
        text.Append(",\"FieldPath\":").Append(GoText.Json(rule.FieldPath));
        text.Append(",\"OptionalOldSelf\":").Append(rule.OptionalOldSelf switch { null => "null", true => "true", false => "false" });
        return text.Append('}').ToString();
    }
}
