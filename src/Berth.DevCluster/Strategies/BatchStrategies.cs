using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>CronJobs: kept and shown; no controller runs them.</summary>
internal sealed class CronJobStrategy : ResourceStrategy
{
    private static readonly string[] Macros = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

    public override bool HasStatus => true;

    public override bool TracksGeneration => true;

    public override void Default(JsonObject obj)
    {
        var spec = obj.Ensure("spec");
        spec.Default("concurrencyPolicy", "Allow");
        spec.Default("suspend", false);
        spec.Default("successfulJobsHistoryLimit", 3);
        spec.Default("failedJobsHistoryLimit", 1);
        PodDefaults.Apply(spec.Ensure("jobTemplate").Ensure("spec").Ensure("template").Ensure("spec"));
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        var schedule = obj.TextOr("", "spec", "schedule");
        var words = schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (schedule.Length == 0) errors.Add(FieldError.Required("spec.schedule"));
        else if (!schedule.StartsWith("@every ", StringComparison.Ordinal) && !Macros.Contains(schedule) && words.Length != 5)
            errors.Add(FieldError.InvalidText("spec.schedule", schedule, $"expected exactly 5 fields, found {words.Length}: [{string.Join(' ', words)}]"));
        if (obj.TextOr("", "spec", "concurrencyPolicy") is var policy && policy is not ("Allow" or "Forbid" or "Replace"))
            errors.Add(FieldError.NotSupported("spec.concurrencyPolicy", policy, "Allow", "Forbid", "Replace"));
        const string template = "spec.jobTemplate.spec.template.spec";
        var pod = obj.Object("spec", "jobTemplate", "spec", "template", "spec");
        PodValidation.Spec(pod, template, errors);
        if (pod.Text("restartPolicy") == "Always") errors.Add(FieldError.Required(template + ".restartPolicy", "valid values: \"OnFailure\", \"Never\""));
    }
}

/// <summary>Limit ranges: what a container is given follows from what it may have at most.</summary>
internal sealed class LimitRangeStrategy : ResourceStrategy
{
    public override void Default(JsonObject obj)
    {
        foreach (var limit in obj.Objects("spec", "limits").Where(l => l.Text("type") == "Container"))
        {
            Fill(limit, "default", limit.Object("max"));
            Fill(limit, "defaultRequest", limit.Object("default"));
            Fill(limit, "defaultRequest", limit.Object("min"));
        }
    }

    private static void Fill(JsonObject limit, string field, JsonObject? source)
    {
        foreach (var (name, value) in source ?? []) limit.Ensure(field).Default(name, value?.DeepClone());
    }
}
