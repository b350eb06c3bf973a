namespace Berth.Api;

/// <summary>The JSON of the annotation berth.dev/limits on a Namespace: what all its pools together may hold.</summary>
public sealed record NamespaceLimits
{
    /// <summary>Tasks that may hold a slot at once.</summary>
    public int? Tasks { get; init; }

    /// <summary>Tasks of one workspace that may hold a slot at once.</summary>
    public int? TasksPerWorkspace { get; init; }

    /// <summary>How much its tasks may keep in the history (plans and other artifacts, checkpoints, output) before nothing new begins: a quantity such as 10Gi.</summary>
    public string? Storage { get; init; }
}
