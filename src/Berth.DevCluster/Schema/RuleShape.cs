namespace Berth.DevCluster.Schema;

/// <summary>What is wrong with a rule before its expressions are looked at.</summary>
internal static class RuleShape
{
    private static readonly string[] Reasons = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

    public static IEnumerable<FieldError> Check(ValidationRule rule, StructuralSchema schema, FieldPath path)
    {
        var message = rule.Message.Trim();
        if (rule.Rule.Trim().Length == 0)
            yield return FieldError.Required(path.Child("rule"), "rule is not specified");
        else if (rule.Message.Length > 0 && message.Length == 0)
            yield return FieldError.Invalid(path.Child("message"), rule.Message, "must be non-empty if specified");
        else if (HasNewline(message))
            yield return FieldError.Invalid(path.Child("message"), rule.Message, "must not contain line breaks");
        else if (HasNewline(rule.Rule.Trim()) && message.Length == 0)
            yield return FieldError.Required(path.Child("message"), "message must be specified if rule contains line breaks");
        if (rule.MessageExpression.Length > 0 && rule.MessageExpression.Trim().Length == 0)
            yield return FieldError.Required(path.Child("messageExpression"), "messageExpression must be non-empty if specified");
        if (rule.Reason is { } reason && !Reasons.Contains(reason))
            yield return FieldError.NotSupported(path.Child("reason"), reason, Reasons);
        if (rule.FieldPath.Length == 0)
            yield break;
        if (rule.FieldPath.Trim().Length == 0)
            yield return FieldError.Invalid(path.Child("fieldPath"), rule.FieldPath, "must be non-empty if specified");
        if (HasNewline(rule.FieldPath))
            yield return FieldError.Invalid(path.Child("fieldPath"), rule.FieldPath, "must not contain line breaks");
        if (!RulePath.TryParse(rule.FieldPath, schema, out _))
            yield return FieldError.Invalid(path.Child("fieldPath"), rule.FieldPath, "must be a valid path");
    }

    private static bool HasNewline(string text) => text.AsSpan().ContainsAny('\n', '\r');
}
