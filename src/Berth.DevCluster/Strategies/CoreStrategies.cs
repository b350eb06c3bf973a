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
