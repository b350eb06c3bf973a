using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Events as core/v1 writes them: they belong to the namespace of what they tell about.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    public override bool AllowCreateOnUpdate => true;

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        EventRules.Common(obj, "involvedObject", "reportingComponent", "message", errors);
        if (old is null && obj.Text("eventTime") is null) return;
        if (obj.Object("series") is { } series && old is null) EventRules.Series(series, errors);
    }
}

/// <summary>Events as events.k8s.io/v1 writes them: complete from the start, and final but for their series.</summary>
internal sealed class NewEventStrategy : ResourceStrategy
{
    private static readonly (string Field, string Shown)[] Final =
    [
        ("regarding", "involvedObject"), ("reason", "reason"), ("note", "message"), ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"), ("type", "type"), ("eventTime", "eventTime"), ("action", "action"),
        ("related", "related"), ("reportingController", "reportingController"), ("reportingInstance", "reportingInstance"),
    ];

    public override bool AllowCreateOnUpdate => true;

    /// <summary>Errors show the kind that both groups share.</summary>
    public override string? ErrorGroup => "";

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (old is null)
        {
            EventRules.Common(obj, "regarding", "reportingController", "note", errors);
            if (obj.Object("series") is { } first) EventRules.Series(first, errors);
            if (obj.Text("eventTime") is null) errors.Add(FieldError.Required("eventTime"));
            if (obj.Text("type") is not ("Normal" or "Warning")) errors.Add(FieldError.InvalidText("type", "", "has invalid value: " + obj.TextOr("", "type")));
            return;
        }
        foreach (var (field, shown) in Final)
        {
            if (JsonNode.DeepEquals(obj[field], old[field])) continue;
            var value = obj[field] is JsonObject about ? about.ToJsonString() : obj[field] is JsonValue v && v.GetValueKind() == System.Text.Json.JsonValueKind.String ? FieldError.Quote(v.GetValue<string>()) : obj[field]?.ToJsonString() ?? "null";
            errors.Add(FieldError.Invalid(shown, value, "field is immutable"));
        }
        if (obj.Object("series") is { } series) EventRules.Series(series, errors);
    }
}

/// <summary>The rules of events in either spelling.</summary>
internal static class EventRules
{
    public static void Common(JsonObject obj, string about, string controller, string message, FieldErrors errors)
    {
        var (ns, of) = (obj.Namespace(), obj.TextOr("", about, "namespace"));
        if (obj.Text("eventTime") is null)
        {
            if (of.Length == 0 ? ns is not ("" or "default") : ns != of) errors.Add(FieldError.InvalidText("involvedObject.namespace", of, "does not match event.namespace"));
            return;
        }
        if (of.Length == 0 && ns is not ("default" or "kube-system")) errors.Add(FieldError.InvalidText("involvedObject.namespace", of, "does not match event.namespace"));
        var name = obj.TextOr("", controller);
        if (name.Length == 0) errors.Add(FieldError.Required(controller));
        foreach (var why in NameValidation.QualifiedName(name)) errors.Add(FieldError.InvalidText(controller, name, why));
        foreach (var field in (ReadOnlySpan<string>)["reportingInstance", "action", "reason"])
        {
            var text = obj.TextOr("", field);
            if (text.Length == 0) errors.Add(FieldError.Required(field));
            if (text.Length > 128) errors.Add(FieldError.InvalidText(field, "", "can have at most 128 characters"));
        }
        if (obj.TextOr("", message).Length > 1024) errors.Add(FieldError.InvalidText("message", "", "can have at most 1024 characters"));
    }

    public static void Series(JsonObject series, FieldErrors errors)
    {
        if ((series.Number("count") ?? 0) < 2) errors.Add(FieldError.InvalidText("series.count", "", "should be at least 2"));
        if (series.Text("lastObservedTime") is null) errors.Add(FieldError.Required("series.lastObservedTime"));
    }
}
