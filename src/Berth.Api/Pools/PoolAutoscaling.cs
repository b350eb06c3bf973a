using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Pods by demand: up at once by as many as are needed, down one by one once they have been idle for long enough.</summary>
[Rule("!has(self.minReplicas) || self.minReplicas <= self.maxReplicas", "minReplicas must not be larger than maxReplicas")]
public sealed record PoolAutoscaling
{
    /// <summary>Pods that stay when nothing waits, runs or is reserved.</summary>
    [Default("0"), Bounds(Minimum = 0, Maximum = 1000)]
    public int MinReplicas { get; init; }

    /// <summary>Pods there may be at most.</summary>
    [RequiredField, Bounds(Minimum = 1, Maximum = 1000)]
    public int MaxReplicas { get; init; }

    /// <summary>How long a pod must have been idle before it ends.</summary>
    [Default("\"10m\""), Duration]
    public string? IdleTimeout { get; init; }

    /// <summary>Pause after any change of the number of pods before one is taken away.</summary>
    [Default("\"30s\""), Duration]
    public string? ScaleDownCooldown { get; init; }
}

/// <summary>What the autoscaler last decided.</summary>
public sealed record ScalingStatus
{
    /// <summary>Number of pods that demand asks for, within the bounds.</summary>
    public int DesiredReplicas { get; init; }

    /// <summary>When that number last changed.</summary>
    public DateTimeOffset? LastScaleTime { get; init; }
}
