using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Schema;
using Berth.DevCluster.Selecting;
using FieldError = Berth.DevCluster.Http.FieldError;

namespace Berth.DevCluster.Strategies;

/// <summary>What Deployments, ReplicaSets, StatefulSets, DaemonSets and Jobs share: a template, a selector that fits it, a counted generation.</summary>
internal abstract class TemplateStrategy : ResourceStrategy
{
    public override bool HasStatus => true;

    public override bool TracksGeneration => true;

    protected virtual string? OnlyRestartPolicy => "Always";

    public override void Default(JsonObject obj)
    {
        var spec = obj.Ensure("spec");
        PodDefaults.Apply(spec.Ensure("template").Ensure("spec"));
        DefaultSpec(spec, obj);
    }

    protected abstract void DefaultSpec(JsonObject spec, JsonObject obj);

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        foreach (var field in Counts)
        {
            if (obj.Number("spec", field) is < 0 and var number) errors.Add(FieldError.Invalid("spec." + field, number.Invariant(), "must be greater than or equal to 0"));
        }
        Selector(obj, obj.Object("spec", "selector"), old, errors);
        PodValidation.Spec(obj.Object("spec", "template", "spec"), "spec.template.spec", errors, OnlyRestartPolicy, obj.Objects("spec", "volumeClaimTemplates"));
    }

    private void Selector(JsonObject obj, JsonObject? selector, JsonObject? old, FieldErrors errors)
    {
        if (selector is null) errors.Add(FieldError.Required("spec.selector"));
        else if (selector.Count == 0) errors.Add(FieldError.Invalid("spec.selector", "{}", $"empty selector is invalid for {Noun}"));
        else if (old is not null && !JsonNode.DeepEquals(selector, old.At("spec", "selector")))
            errors.Add(FieldError.Invalid("spec.selector", selector.ToJsonString(), "field is immutable"));
        var labels = obj.Object("spec", "template", "metadata", "labels");
        // No selector selects nothing, an empty one everything.
        if (selector is null || !LabelSelector.From(selector).Matches(labels))
            errors.Add(FieldError.Invalid("spec.template.metadata.labels", labels is null ? "null" : GoText.Json(labels), "`selector` does not match template `labels`"));
    }

    /// <summary>The numbers that are not negative.</summary>
    private static readonly string[] Counts =
        ["replicas", "minReadySeconds", "revisionHistoryLimit", "parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"];

    /// <summary>The kind as a sentence names it.</summary>
    protected virtual string Noun => "deployment";
}

/// <summary>Deployments.</summary>
internal sealed class DeploymentStrategy : TemplateStrategy
{
    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        base.Validate(obj, old, errors);
        var (type, rolling) = (obj.Text("spec", "strategy", "type"), obj.Object("spec", "strategy", "rollingUpdate"));
        if (type is not ("Recreate" or "RollingUpdate")) errors.Add(FieldError.NotSupported("spec.strategy.type", type ?? "", "Recreate", "RollingUpdate"));
        else if (type == "Recreate" && rolling is not null)
            errors.Add(FieldError.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        else if (rolling is not null && rolling["maxSurge"].ScalarText() is "0" or "0%" && rolling["maxUnavailable"].ScalarText() is "0" or "0%")
            errors.Add(FieldError.Invalid("spec.strategy.rollingUpdate.maxUnavailable", rolling["maxUnavailable"]!.ToJsonString(), "may not be 0 when `maxSurge` is 0"));
    }

    protected override void DefaultSpec(JsonObject spec, JsonObject obj)
    {
        spec.Default("replicas", 1);
        var strategy = spec.Ensure("strategy");
        if (string.IsNullOrEmpty(strategy.Text("type"))) strategy["type"] = "RollingUpdate";
        if (strategy.Text("type") == "RollingUpdate")
        {
            strategy.Ensure("rollingUpdate").Default("maxUnavailable", "25%");
            strategy.Ensure("rollingUpdate").Default("maxSurge", "25%");
        }
        spec.Default("revisionHistoryLimit", 10);
        spec.Default("progressDeadlineSeconds", 600);
    }
}

/// <summary>ReplicaSets.</summary>
internal sealed class ReplicaSetStrategy : TemplateStrategy
{
    protected override void DefaultSpec(JsonObject spec, JsonObject obj)
    {
        spec.Default("replicas", 1);
        if (spec.Object("selector") is null && spec.Object("template", "metadata", "labels") is { } labels)
            spec["selector"] = new JsonObject { ["matchLabels"] = labels.DeepClone() };
    }

    public override void PrepareForCreate(JsonObject obj) => obj["status"] = new JsonObject { ["replicas"] = 0 };
}

/// <summary>StatefulSets and DaemonSets.</summary>
internal sealed class WorkloadStrategy(string plural) : TemplateStrategy
{
    protected override string Noun => plural[..^1];

    protected override void DefaultSpec(JsonObject spec, JsonObject obj)
    {
        spec.Default("revisionHistoryLimit", 10);
        var update = spec.Ensure("updateStrategy");
        if (string.IsNullOrEmpty(update.Text("type"))) update["type"] = "RollingUpdate";
        if (plural == "daemonsets")
        {
            if (update.Text("type") != "RollingUpdate") return;
            update.Ensure("rollingUpdate").Default("maxUnavailable", 1);
            update.Ensure("rollingUpdate").Default("maxSurge", 0);
            return;
        }
        spec.Default("replicas", 1);
        spec.Default("podManagementPolicy", "OrderedReady");
        spec.Default("persistentVolumeClaimRetentionPolicy", new JsonObject { ["whenDeleted"] = "Retain", ["whenScaled"] = "Retain" });
        if (update.Text("type") == "RollingUpdate") update.Ensure("rollingUpdate").Default("partition", 0);
    }

    public override void PrepareForCreate(JsonObject obj)
    {
        if (plural == "statefulsets") obj["status"] = new JsonObject { ["replicas"] = 0, ["availableReplicas"] = 0 };
        else base.PrepareForCreate(obj);
    }
}

/// <summary>Jobs: their selector and the labels of their pods are made from the job's uid.</summary>
internal sealed class JobStrategy : TemplateStrategy
{
    protected override string? OnlyRestartPolicy => null;

    protected override void DefaultSpec(JsonObject spec, JsonObject obj)
    {
        if (spec["completions"] is null && spec["parallelism"] is null) spec["completions"] = 1;
        spec.Default("parallelism", 1);
        spec.Default("backoffLimit", 6);
        spec.Default("completionMode", "NonIndexed");
        spec.Default("suspend", false);
        spec.Default("manualSelector", false);
        spec.Default("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        if (obj.Object("metadata", "labels") is null && spec.Object("template", "metadata", "labels") is { } labels) obj.Meta()["labels"] = labels.DeepClone();
    }

    public override void PrepareForCreate(JsonObject obj)
    {
        base.PrepareForCreate(obj);
        var spec = obj.Ensure("spec");
        if (spec.Flag("manualSelector") == true) return;
        var unlabelled = obj.Object("metadata", "labels") is null or { Count: 0 } || JsonNode.DeepEquals(obj.At("metadata", "labels"), spec.At("template", "metadata", "labels"));
        var uid = obj.TextOr("", "metadata", "uid");
        var labels = spec.Ensure("template").Ensure("metadata").Ensure("labels");
        labels["controller-uid"] = labels["batch.kubernetes.io/controller-uid"] = null;
        labels["controller-uid"] = uid;
        labels["batch.kubernetes.io/controller-uid"] = uid;
        labels["job-name"] = obj.Name();
        labels["batch.kubernetes.io/job-name"] = obj.Name();
        spec["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["batch.kubernetes.io/controller-uid"] = uid } };
        // A job without labels of its own has those of its pods.
        if (unlabelled) obj.Meta()["labels"] = labels.DeepClone();
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        base.Validate(obj, old, errors);
        var policy = obj.Text("spec", "template", "spec", "restartPolicy");
        if (policy == "Always") errors.Add(FieldError.Required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        if (old is not null && !JsonNode.DeepEquals(old.At("spec", "template", "spec"), obj.At("spec", "template", "spec")) && old.Flag("spec", "suspend") != true)
            errors.Add(FieldError.Invalid("spec.template", "{}", "field is immutable"));
    }
}
