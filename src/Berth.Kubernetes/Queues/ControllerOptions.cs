using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>Behaviour of a <see cref="Controller{TKey}"/>.</summary>
public sealed record ControllerOptions
{
    /// <summary>Name, for metrics, traces and logs.</summary>
    public required string Name { get; init; }

    /// <summary>How many keys are worked on at once.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How long one reconcile may take before its token is cancelled and it counts as failed.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long reconciles in progress may go on after the controller was asked to stop.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to log; null logs nothing.</summary>
    public ILoggerFactory? Logging { get; init; }

    /// <summary>Pause after the first failure of a key; doubled by each further one.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest pause after a failure.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(1000);
}
