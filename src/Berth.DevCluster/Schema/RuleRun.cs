using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Cel;

namespace Berth.DevCluster.Schema;

/// <summary>One validation of an object by rules: its errors and what it may still cost.</summary>
internal sealed class RuleRun
{
    private const int LongestMessage = 5 * 1024;

    private long budget = 10_000_000;

    public List<FieldError> Errors { get; } = [];

    public bool OutOfBudget => budget < 0;

    /// <summary>Runs the rules of one node over its value.</summary>
    public void Check(CompiledRule[] rules, CelDecl decl, StructuralSchema schema, JsonNode value, JsonNode? old, FieldPath? path, RuleOrigin origin)
    {
        var self = CelJson.Read(value, decl);
        var oldSelf = old is null ? CelValue.Error("no such attribute(s): oldSelf") : CelJson.Read(old, decl);
        var optionalOld = old is null ? CelValue.None : CelValue.Some(oldSelf);
        foreach (var rule in rules)
        {
            var optional = rule.Rule.OptionalOldSelf == true;
            if (rule.UsesOldSelf && old is null && !optional)
                continue;
            if (rule.Program is null)
            {
                Add(path, schema, $"rule compile error: {rule.Error}");
                continue;
            }
            ReadOnlySpan<CelValue> variables = [self, optional ? optionalOld : oldSelf];
            var result = rule.Program.Run(variables, out var cost);
            budget -= cost;
            if (OutOfBudget)
            {
                Add(path, schema, "validation failed due to running out of cost budget, no further validation rules will be run");
                return;
            }
            if (result.IsTrue)
                continue;
            if (result.IsError)
                Failed(result.Message, rule.Rule, schema, path);
            else
                Broken(rule, schema, value, path, origin, variables);
            if (OutOfBudget)
                return;
        }
    }

    private void Add(FieldPath? path, StructuralSchema schema, string detail) => Errors.Add(FieldError.Invalid(path, schema.Type, detail));

    private void Failed(string message, ValidationRule rule, StructuralSchema schema, FieldPath? path)
    {
        if (message.StartsWith("no such overload", StringComparison.Ordinal))
            Add(path, schema, $"'{message}': call arguments did not match a supported operator, function or macro signature for rule: {rule.Quoted}");
        else if (message.StartsWith(CelProgram.CostExceeded, StringComparison.Ordinal))
        {
            Add(path, schema, $"'{message}': no further validation rules will be run due to call cost exceeds limit for rule: {rule.Quoted}");
            budget = -1;
        }
        else
            Add(path, schema, $"{message} evaluating rule: {rule.Quoted}");
    }

    private void Broken(CompiledRule rule, StructuralSchema schema, JsonNode value, FieldPath? path, RuleOrigin origin, ReadOnlySpan<CelValue> variables)
    {
        if (!rule.UsesOldSelf && origin.Unchanged)
            return;
        var at = rule.Path.Length == 0 ? path : FieldPath.Child(path, rule.Path);
        var detail = Evaluated(rule.Message, variables) ?? (rule.Rule.Message.Length == 0 ? "failed rule: " + rule.Rule.Quoted : rule.Rule.Message.Trim());
        var container = schema.Type is "object" or "array";
        Errors.Add(rule.Rule.Reason switch
        {
            "FieldValueForbidden" => FieldError.Forbidden(at, detail),
            "FieldValueRequired" => FieldError.Required(at, detail),
            "FieldValueDuplicate" => FieldError.Duplicate(at, value) with { OmitValue = container },
            _ => FieldError.Invalid(at, value, detail) with { OmitValue = container },
        });
    }

    /// <summary>The message that the rule's expression makes; null when there is none or it is no use as one.</summary>
    private string? Evaluated(CelProgram? expression, ReadOnlySpan<CelValue> variables)
    {
        if (expression is null)
            return null;
        var result = expression.Run(variables, out var cost);
        budget -= cost;
        if (result.Kind != CelKind.String)
            return null;
        var message = result.AsString.Trim();
        return message.Length == 0 || message.Contains('\n') || Encoding.UTF8.GetByteCount(message) > LongestMessage ? null : message;
    }
}
