using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>Puts together what apply will run with, from the snapshot taken at plan and what plan made.</summary>
public static class Manifests
{
    /// <summary>The manifest of a plan.</summary>
    public static Manifest Of(TaskResource task, int run, InputsStatus inputs, PlanStatus plan) => new()
    {
        TaskUid = task.Metadata.Uid,
        Run = run,
        Plan = plan.Attempt,
        SpecHash = inputs.SpecHash,
        SourceDigest = inputs.SourceDigest,
        Files = inputs.Files?.ToDictionary(f => f.Path, f => f.Digest),
        Artifacts = plan.Artifacts?.ToDictionary(f => f.Path, f => f.Digest),
        Command = task.Spec.Apply?.Command ?? [],
        Prepare = task.Spec.Prepare?.Command,
        Env = StepEnvironment.Plain(task.Spec.Apply?.Env, "apply", inputs),
        Secrets = StepEnvironment.SecretNames(task.Spec.Apply?.Env, task.Spec.Apply?.EnvFrom),
        ImageId = inputs.ImageId,
        ServiceAccount = inputs.ServiceAccount,
        TemplateHash = inputs.TemplateHash,
        ToolVersions = plan.ToolVersions,
        TextDigest = plan.TextDigest,
    };

    /// <summary>
    /// What two plans have to share so that one approval does for both: what the describer says that the plan means, and everything else that
    /// apply would run with. Artifacts and text are left out, since they differ in bytes where the plans say the same. Null where plans can never
    /// be called equal.
    /// </summary>
    public static string? Meaning(Manifest manifest, string? described) =>
        described is { Length: > 0 } ? Digests.Of($"{described}\n{(manifest with { Plan = null, Artifacts = null, TextDigest = null }).ToCanonicalJson()}") : null;

    /// <summary>Hash of the part of the spec that cannot change.</summary>
    public static string SpecHash(TaskSpec spec)
    {
        var fixedPart = spec with { DesiredState = default, Requeue = null, ResumeFrom = null, Priority = 0, TtlAfterFinished = null };
        return Digests.Of(CanonicalJson.Write(System.Text.Json.JsonSerializer.SerializeToNode(fixedPart, BerthJson.Default.TaskSpec)));
    }

    /// <summary>What differs between the snapshot taken at plan and now, in words; null if nothing does.</summary>
    public static string? Difference(InputsStatus then, InputsStatus now)
    {
        if (then.SpecHash != now.SpecHash) return "the spec";
        if (then.SourceDigest != now.SourceDigest) return "the source files";
        if (then.TemplateHash != now.TemplateHash) return "the pool's pod template";
        if (then.ServiceAccount != now.ServiceAccount) return "the pod's service account";
        return then.ImageId != now.ImageId ? $"the image of the slot ({then.ImageId} → {now.ImageId})" : null;
    }
}

/// <summary>The environment of a step.</summary>
public static class StepEnvironment
{
    /// <summary>Literals and snapshotted ConfigMap values.</summary>
    public static IReadOnlyDictionary<string, string>? Plain(IReadOnlyList<EnvVar>? env, string step, InputsStatus inputs)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in inputs.Variables ?? [])
            if (variable.Step == step) values[variable.Name] = variable.Value;
        foreach (var variable in env ?? [])
            if (variable.ValueFrom is null) values[variable.Name] = variable.Value ?? "";
        return values.Count == 0 ? null : values;
    }

    /// <summary>Variables that come from Secrets: variable to <c>secret/key</c>, whole Secrets as <c>prefix*</c>.</summary>
    public static IReadOnlyDictionary<string, string>? SecretNames(IReadOnlyList<EnvVar>? env, IReadOnlyList<EnvFromSource>? from)
    {
        var names = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in from ?? [])
            if (source.SecretRef is { } secret) names[$"{source.Prefix}*{secret.Name}"] = secret.Name;
        foreach (var variable in env ?? [])
            if (variable.ValueFrom?.SecretKeyRef is { } key) names[variable.Name] = $"{key.Name}/{key.Key}";
        return names.Count == 0 ? null : names;
    }
}
