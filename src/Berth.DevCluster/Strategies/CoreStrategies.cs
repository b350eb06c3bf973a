using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Namespaces: a label with their own name, and a finalizer in the spec that the namespace controller takes off.</summary>
internal sealed class NamespaceStrategy : ResourceStrategy
{
    public override bool HasStatus => true;

    public override NameRule NameRule => NameRule.Label;

    public override void Default(JsonObject obj)
    {
        if (obj.Name().Length > 0) obj.Meta().Ensure("labels")["kubernetes.io/metadata.name"] = obj.Name();
    }

    public override void PrepareForCreate(JsonObject obj)
    {
        var finalizers = obj.Ensure("spec").EnsureArray("finalizers");
        if (!finalizers.Any(f => f.Text() == "kubernetes")) finalizers.Add("kubernetes");
        obj["status"] = new JsonObject { ["phase"] = "Active" };
    }

    public override void PrepareForUpdate(JsonObject obj, JsonObject old)
    {
        if (old.At("spec", "finalizers") is { } kept) obj.Ensure("spec")["finalizers"] = kept.DeepClone();
    }
}

/// <summary>Nodes come with the status their kubelet found.</summary>
internal sealed class NodeStrategy : ResourceStrategy
{
    public override bool HasStatus => true;

    public override void PrepareForCreate(JsonObject obj) { }
}

/// <summary>Secrets: text fields become bytes, and some types name the keys they need.</summary>
internal sealed class SecretStrategy : ResourceStrategy
{
    public override void Default(JsonObject obj)
    {
        if (obj.Object("stringData") is { } texts)
        {
            var data = obj.Ensure("data");
            foreach (var (key, value) in texts) data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Text() ?? ""));
            obj.Remove("stringData");
        }
        if (string.IsNullOrEmpty(obj.Text("type"))) obj["type"] = "Opaque";
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (old is not null && old.Text("type") != obj.Text("type"))
            errors.Add(FieldError.InvalidText("type", obj.TextOr("", "type"), "field is immutable"));
        if (old?.Flag("immutable") == true && !JsonNode.DeepEquals(old["data"], obj["data"]))
            errors.Add(FieldError.Forbidden("data", "field is immutable when `immutable` is set"));
        string[] needed = obj.Text("type") switch
        {
            "kubernetes.io/tls" => ["tls.crt", "tls.key"],
            "kubernetes.io/dockerconfigjson" => [".dockerconfigjson"],
            "kubernetes.io/ssh-auth" => ["ssh-privatekey"],
            _ => [],
        };
        foreach (var key in needed.Where(k => obj.Object("data")?.ContainsKey(k) != true)) errors.Add(FieldError.Required($"data[{key}]"));
    }
}

/// <summary>Events belong to the namespace of what they tell about.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    public override bool AllowCreateOnUpdate => true;
}

/// <summary>Leases change only from the state they were read in.</summary>
internal sealed class LeaseStrategy : ResourceStrategy
{
    public override bool AllowUnconditionalUpdate => false;

    public override bool AllowCreateOnUpdate => true;

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (obj.Number("spec", "leaseDurationSeconds") is <= 0 and var seconds)
            errors.Add(FieldError.Invalid("spec.leaseDurationSeconds", seconds.Invariant(), "must be greater than 0"));
        if (obj.Number("spec", "leaseTransitions") is < 0 and var transitions)
            errors.Add(FieldError.Invalid("spec.leaseTransitions", transitions.Invariant(), "must be greater than or equal to 0"));
    }
}

/// <summary>Storage classes have a few defaults of their own.</summary>
internal sealed class StorageClassStrategy : ResourceStrategy
{
    public override void Default(JsonObject obj)
    {
        obj.Default("reclaimPolicy", "Delete");
        obj.Default("volumeBindingMode", "Immediate");
    }
}
