using System.Text.Json.Nodes;

namespace Berth.DevCluster.Http;

/// <summary>One thing wrong with one field, as Kubernetes words it.</summary>
internal sealed record FieldError(string Reason, string Field, string Message)
{
    public static FieldError Invalid(string field, string shownValue, string why) => new("FieldValueInvalid", field, $"Invalid value: {shownValue}: {why}");

    public static FieldError InvalidText(string field, string value, string why) => Invalid(field, Quote(value), why);

    public static FieldError Required(string field, string why = "") => new("FieldValueRequired", field, "Required value" + (why.Length > 0 ? ": " + why : ""));

    public static FieldError Forbidden(string field, string why) => new("FieldValueForbidden", field, "Forbidden: " + why);

    public static FieldError NotSupported(string field, string value, params IEnumerable<string> supported) =>
        new("FieldValueNotSupported", field, $"Unsupported value: {Quote(value)}: supported values: {string.Join(", ", supported.Select(Quote))}");

    public static FieldError TooLong(string field, long max) => new("FieldValueTooLong", field, $"Too long: may not be more than {max} bytes");

    public static FieldError Duplicate(string field, string value) => new("FieldValueDuplicate", field, $"Duplicate value: {Quote(value)}");

    public static FieldError NotFound(string field, string value) => new("FieldValueNotFound", field, $"Not found: {Quote(value)}");

    /// <summary>Quotes as Go's %q does for the texts that occur here.</summary>
    public static string Quote(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "\"";
}

/// <summary>Collects field errors and turns them into one Status.</summary>
internal sealed class FieldErrors
{
    private readonly List<FieldError> _errors = [];

    public bool Any => _errors.Count > 0;

    public IReadOnlyList<FieldError> All => _errors;

    public static FieldErrors Of(IEnumerable<FieldError> errors)
    {
        var collected = new FieldErrors();
        collected.AddRange(errors);
        return collected;
    }

    public void Add(FieldError error) => _errors.Add(error);

    public void AddRange(IEnumerable<FieldError> errors) => _errors.AddRange(errors);

    public void ThrowIfAny(string group, string kind, string name)
    {
        if (Any) throw Invalid(group, kind, name, _errors);
    }

    public static StatusException Invalid(string group, string kind, string name, params IReadOnlyList<FieldError> errors)
    {
        var causes = new JsonArray([.. errors.Select(e => (JsonNode)new JsonObject { ["reason"] = e.Reason, ["message"] = e.Message, ["field"] = e.Field })]);
        // The sentence repeats nothing; the causes keep every error.
        var texts = errors.Select(e => $"{e.Field}: {e.Message}").Distinct().ToList();
        var text = texts.Count == 1 ? texts[0] : "[" + string.Join(", ", texts) + "]";
        return new StatusException(422, "Invalid", $"{StatusException.Qualified(kind, group)} \"{name}\" is invalid: {text}", StatusException.Detail(name, group, kind, causes));
    }
}
