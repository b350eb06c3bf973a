using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>Composes the Status that answers an object with refused fields: 422, reason Invalid, one cause an error.</summary>
internal static class InvalidStatus
{
    public static JsonObject Compose(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        var details = new JsonObject();
        if (name.Length > 0)
            details["name"] = name;
        if (group.Length > 0)
            details["group"] = group;
        if (kind.Length > 0)
            details["kind"] = kind;
        if (errors.Count > 0)
            details["causes"] = new JsonArray([.. errors.Select(Cause)]);
        return new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message(group, kind, name, errors),
            ["reason"] = "Invalid",
            ["details"] = details,
            ["code"] = 422,
        };
    }

    /// <summary>The Status' message: the object, then each distinct error.</summary>
    public static string Message(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        var qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        var head = $"{qualified} {GoText.Quote(name)} is invalid";
        return errors.Count == 0 ? head : $"{head}: {Aggregate(errors)}";
    }

    /// <summary>One error as it is, several distinct ones in brackets.</summary>
    public static string Aggregate(IReadOnlyList<FieldError> errors)
    {
        var messages = errors.Select(e => e.Message).Distinct(StringComparer.Ordinal).ToList();
        return messages.Count == 1 ? messages[0] : $"[{string.Join(", ", messages)}]";
    }

    private static JsonObject Cause(FieldError error) => new()
    {
        ["reason"] = error.Reason.CauseType(),
        ["message"] = error.Body,
        ["field"] = error.Field,
    };
}
