using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>One refused field, with the texts a kube-apiserver composes from it.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Field">The rendered path; <c>&lt;nil&gt;</c> when the error has no field.</param>
/// <param name="BadValue">The refused value; null is JSON null.</param>
/// <param name="Detail">What to know beyond the reason; empty for none.</param>
internal sealed record FieldError(FieldErrorReason Reason, string Field, JsonNode? BadValue, string Detail)
{
    /// <summary>Whether the value is left out of the body although the reason would show it.</summary>
    public bool OmitValue { get; init; }

    /// <summary>The text that stands for the value, where it is not the value's own.</summary>
    public string? ValueText { get; init; }

    /// <summary>The error without its field: the message of a Status cause.</summary>
    public string Body
    {
        get
        {
            var words = Reason.Words();
            if (Reason.ShowsValue() && !OmitValue)
                words += ": " + (ValueText ?? GoText.Value(BadValue));
            return Detail.Length == 0 ? words : $"{words}: {Detail}";
        }
    }

    /// <summary>The whole error: field and body.</summary>
    public string Message => $"{Field}: {Body}";

    public static FieldError Invalid(FieldPath? path, JsonNode? value, string detail) =>
        new(FieldErrorReason.Invalid, FieldPath.Text(path), value, detail);

    public static FieldError TypeInvalid(FieldPath? path, JsonNode? value, string detail) =>
        new(FieldErrorReason.TypeInvalid, FieldPath.Text(path), value, detail);

    public static FieldError Required(FieldPath? path, string detail = "") =>
        new(FieldErrorReason.Required, FieldPath.Text(path), "", detail);

    public static FieldError Forbidden(FieldPath? path, string detail) =>
        new(FieldErrorReason.Forbidden, FieldPath.Text(path), "", detail);

    public static FieldError Duplicate(FieldPath? path, JsonNode? value) =>
        new(FieldErrorReason.Duplicate, FieldPath.Text(path), value, "");

    public static FieldError NotFound(FieldPath? path, JsonNode? value) =>
        new(FieldErrorReason.NotFound, FieldPath.Text(path), value, "");

    public static FieldError Internal(FieldPath? path, string detail) =>
        new(FieldErrorReason.Internal, FieldPath.Text(path), null, detail);

    public static FieldError NotSupported(FieldPath? path, JsonNode? value, IEnumerable<string> supported)
    {
        var quoted = string.Join(", ", supported.Select(GoText.Quote));
        return new(FieldErrorReason.NotSupported, FieldPath.Text(path), value, quoted.Length == 0 ? "" : "supported values: " + quoted);
    }

    public static FieldError TooLong(FieldPath? path, long maximum) =>
        new(FieldErrorReason.TooLong, FieldPath.Text(path), "", $"may not be more than {maximum} {(maximum == 1 ? "byte" : "bytes")}");

    public static FieldError TooMany(FieldPath? path, long actual, long maximum) =>
        new(FieldErrorReason.TooMany, FieldPath.Text(path), actual, $"must have at most {maximum} {(maximum == 1 ? "item" : "items")}");
}
