using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;

namespace Berth.Agent.Plans;

/// <summary>The JSON form of a Terraform (or OpenTofu) plan.</summary>
internal sealed class TerraformPlan
{
    private const string DescriberVersion = "berth-describe-terraform/1";

    private readonly JsonObject _plan;

    private TerraformPlan(JsonObject plan) => _plan = plan;

    public static TerraformPlan Parse(byte[] json) =>
        new(JsonNode.Parse(json) as JsonObject ?? throw new JsonException("not an object"));

    /// <summary>Counts as Terraform's own summary line does: a replacement is one to add and one to destroy.</summary>
    public PlanCounts Counts()
    {
        int add = 0, change = 0, destroy = 0;
        foreach (var resource in Items(_plan["resource_changes"]))
        {
            var actions = Items(resource?["change"]?["actions"]).Select(a => a?.GetValue<string>()).ToHashSet();
            if (actions.Contains("create")) add++;
            if (actions.Contains("update")) change++;
            if (actions.Contains("delete")) destroy++;
        }
        return new PlanCounts { Add = add, Change = change, Destroy = destroy };
    }

    public Dictionary<string, string> ToolVersions(string tool) => new() { [tool] = _plan["terraform_version"]?.GetValue<string>() ?? "unknown" };

    /// <summary>
    /// Digest of what the plan means. Empty when two such plans may never be called equal: ephemeral or write-only values are not
    /// in the plan, deferred changes are not known.
    /// </summary>
    public string? SemanticDigest(string key, string? stateIdentity)
    {
        if (stateIdentity is null || !Comparable()) return null;
        var copy = (JsonObject)_plan.DeepClone();
        copy.Remove("timestamp");
        var hash = new SensitiveLeaves(Encoding.UTF8.GetBytes(key));
        foreach (var name in new[] { "resource_changes", "resource_drift" })
        {
            foreach (var resource in Items(copy[name])) hash.MaskChange(resource?["change"] as JsonObject);
        }
        foreach (var (_, change) in copy["output_changes"] as JsonObject ?? []) hash.MaskChange(change as JsonObject);
        hash.MaskValues(copy["planned_values"]);
        hash.MaskValues(copy["prior_state"]?["values"]);
        foreach (var (name, declared) in copy["configuration"]?["root_module"]?["variables"] as JsonObject ?? [])
        {
            if (IsTrue(declared?["sensitive"]) && copy["variables"]?[name] is JsonObject variable && variable.ContainsKey("value")) variable["value"] = hash.Hash(variable["value"]);
        }
        return Digests.Of($"{DescriberVersion}\n{stateIdentity}\n{CanonicalJson.Write(copy)}");
    }

    private bool Comparable()
    {
        if (_plan["complete"] is { } complete && !IsTrue(complete)) return false;
        if (IsTrue(_plan["errored"])) return false;
        if (Items(_plan["deferred_changes"]).Any()) return false;
        return !HasUnseenValues(_plan["configuration"]) && !Items(_plan["resource_changes"]).Any(r => r?["mode"]?.GetValueKind() == JsonValueKind.String && r["mode"]!.GetValue<string>() == "ephemeral");
    }

    /// <summary>Ephemeral blocks, variables and outputs, and write-only arguments (by convention they end in _wo).</summary>
    private static bool HasUnseenValues(JsonNode? node) => node switch
    {
        JsonObject map => map.Any(p =>
            (p.Key == "ephemeral" && IsTrue(p.Value))
            || (p.Key == "mode" && p.Value is JsonValue mode && mode.TryGetValue<string>(out var text) && text == "ephemeral")
            || p.Key.EndsWith("_wo", StringComparison.Ordinal)
            || HasUnseenValues(p.Value)),
        JsonArray list => list.Any(HasUnseenValues),
        _ => false,
    };

    internal static bool IsTrue(JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;

    internal static IEnumerable<JsonNode?> Items(JsonNode? node) => node as JsonArray ?? [];
}

/// <summary>Puts keyed hashes in the place of sensitive values, so that equal ones stay equal and none can be read.</summary>
internal sealed class SensitiveLeaves(byte[] key)
{
    public JsonNode? Hash(JsonNode? value) =>
        JsonValue.Create("hmac:" + Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(CanonicalJson.Write(value)))));

    /// <summary>A change carries marks beside its values.</summary>
    public void MaskChange(JsonObject? change)
    {
        if (change is null) return;
        foreach (var side in new[] { "before", "after" })
        {
            if (change.ContainsKey(side)) change[side] = Mask(change[side], change[side + "_sensitive"]);
        }
    }

    /// <summary>Values carry marks per resource, in modules within modules; outputs have a flag.</summary>
    public void MaskValues(JsonNode? values)
    {
        foreach (var (_, output) in values?["outputs"] as JsonObject ?? [])
        {
            if (TerraformPlan.IsTrue(output?["sensitive"]) && output is JsonObject map) map["value"] = Hash(map["value"]);
        }
        MaskModule(values?["root_module"]);
    }

    private void MaskModule(JsonNode? module)
    {
        foreach (var resource in TerraformPlan.Items(module?["resources"]))
        {
            if (resource is JsonObject map && map.ContainsKey("values")) map["values"] = Mask(map["values"], map["sensitive_values"]);
        }
        foreach (var child in TerraformPlan.Items(module?["child_modules"])) MaskModule(child);
    }

    private JsonNode? Mask(JsonNode? value, JsonNode? mark)
    {
        if (TerraformPlan.IsTrue(mark)) return Hash(value);
        switch (value, mark)
        {
            case (JsonObject map, JsonObject marks):
                foreach (var (name, inner) in marks)
                {
                    if (map.ContainsKey(name)) map[name] = Mask(map[name]?.DeepClone(), inner);
                }
                return map.Parent is null ? map : map.DeepClone();
            case (JsonArray list, JsonArray marks):
                for (var i = 0; i < Math.Min(list.Count, marks.Count); i++) list[i] = Mask(list[i]?.DeepClone(), marks[i]);
                return list.Parent is null ? list : list.DeepClone();
            default:
                return value?.Parent is null ? value : value.DeepClone();
        }
    }
}
