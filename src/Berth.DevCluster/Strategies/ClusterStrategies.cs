using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Nodes come with the status their kubelet found.</summary>
internal sealed class NodeStrategy : ResourceStrategy
{
    public override bool HasStatus => true;

    public override void PrepareForCreate(JsonObject obj) { }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        Taints(obj, errors);
        // A real server checks an update as a creation, too, and reports both.
        if (old is not null) Taints(obj, errors);
    }

    private static void Taints(JsonObject obj, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (taint, i) in obj.Objects("spec", "taints").Select((t, i) => (t, i)))
        {
            var (at, key, effect) = ($"metadata.taints[{i}]", taint.TextOr("", "key"), taint.TextOr("", "effect"));
            foreach (var why in NameValidation.QualifiedName(key)) errors.Add(FieldError.InvalidText(at + ".key", key, why));
            foreach (var why in NameValidation.LabelValue(taint.TextOr("", "value"))) errors.Add(FieldError.InvalidText(at + ".value", taint.TextOr("", "value"), why));
            if (effect.Length == 0) errors.Add(FieldError.Required(at + ".effect"));
            else if (effect is not ("NoSchedule" or "PreferNoSchedule" or "NoExecute")) errors.Add(FieldError.NotSupported(at + ".effect", effect, "NoSchedule", "PreferNoSchedule", "NoExecute"));
            else if (!seen.Add($"{key} {effect}")) errors.Add(new FieldError("FieldValueDuplicate", at, $"Duplicate value: {{\"key\":{FieldError.Quote(key)},\"effect\":{FieldError.Quote(effect)}}}: taints must be unique by key and effect pair"));
        }
    }
}

/// <summary>Priority classes: their value never changes, and high ones are the system's.</summary>
internal sealed class PriorityClassStrategy : ResourceStrategy
{
    private const long HighestOfUsers = 1_000_000_000;

    public override bool TracksGeneration => true;

    public override void Default(JsonObject obj) => obj.Default("preemptionPolicy", "PreemptLowerPriority");

    public override bool DesiredStateChanged(JsonObject obj, JsonObject old) => false;

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (obj.Name().StartsWith("system-", StringComparison.Ordinal))
        {
            if (obj.Name() is not ("system-cluster-critical" or "system-node-critical"))
                errors.Add(FieldError.Forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only. error: " + obj.Name() + " is not a known system priority class"));
        }
        else if (obj.Number("value") > HighestOfUsers)
        {
            errors.Add(FieldError.Forbidden("value", $"maximum allowed value of a user defined priority is {HighestOfUsers}"));
        }
        if (obj.Text("preemptionPolicy") is { } policy and not ("PreemptLowerPriority" or "Never"))
            errors.Add(FieldError.NotSupported("preemptionPolicy", policy, "PreemptLowerPriority", "Never"));
        if (old is null) return;
        if (old.Number("value") != obj.Number("value")) errors.Add(FieldError.Forbidden("value", "may not be changed in an update."));
        if (old.Text("preemptionPolicy") != obj.Text("preemptionPolicy")) errors.Add(FieldError.InvalidText("preemptionPolicy", obj.TextOr("", "preemptionPolicy"), "field is immutable"));
    }
}

/// <summary>Disruption budgets say one of two numbers.</summary>
internal sealed class DisruptionBudgetStrategy : ResourceStrategy
{
    public override bool HasStatus => true;

    public override bool TracksGeneration => true;

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        var spec = obj.Object("spec") ?? [];
        if (spec["minAvailable"] is not null && spec["maxUnavailable"] is not null)
        {
            var shown = GoStyle.Struct(spec, "MinAvailable", "Selector", "MaxUnavailable", "UnhealthyPodEvictionPolicy");
            errors.Add(FieldError.Invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set"));
        }
        foreach (var field in (ReadOnlySpan<string>)["minAvailable", "maxUnavailable"])
        {
            if (spec[field] is not { } value) continue;
            var text = value.ScalarText();
            if (value.GetValueKind() == System.Text.Json.JsonValueKind.Number)
            {
                if (value.Number() < 0) errors.Add(FieldError.Invalid($"spec.{field}", text, "must be greater than or equal to 0"));
            }
            else if (!text.EndsWith('%') || !int.TryParse(text[..^1], out var percent) || percent < 0)
            {
                errors.Add(FieldError.InvalidText($"spec.{field}", text, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"));
            }
            else if (percent > 100)
            {
                errors.Add(FieldError.InvalidText($"spec.{field}", text, "must not be greater than 100%"));
            }
        }
    }
}
