using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>Behaviour of a <see cref="LeaderElector"/>.</summary>
public sealed record LeaderElectorOptions
{
    /// <summary>Namespace and name of the Lease.</summary>
    public required ObjectKey Lease { get; init; }

    /// <summary>Who we are: unique to this process, for example from <see cref="UniqueIdentity"/>.</summary>
    public required string Identity { get; init; }

    /// <summary>How long others wait after they saw the lease change.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a leader goes on without a successful renewal.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause between attempts; stretched at random by up to 1.2 while not leading.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Annotations that are written with the lease, such as the address of the leader.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Says whether the work loops make progress. While it says no the lease is not renewed, so that somebody else takes over.</summary>
    public Func<bool>? IsHealthy { get; init; }

    /// <summary>Clock; only its monotonic side decides anything.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to log; null logs nothing.</summary>
    public ILoggerFactory? Logging { get; init; }

    /// <summary>Source of the random part of pauses, from 0 to 1.</summary>
    internal Func<double> Random { get; init; } = System.Random.Shared.NextDouble;

    /// <summary>An identity made of a name (of the pod, say) and a random part, so that a restarted process is not taken for its predecessor.</summary>
    public static string UniqueIdentity(string name) => $"{name}_{Guid.NewGuid():N}";

    internal void Validate()
    {
        var errors = new List<string>();
        if (string.IsNullOrEmpty(Identity)) errors.Add("Identity is empty");
        if (string.IsNullOrEmpty(Lease.Name) || string.IsNullOrEmpty(Lease.Namespace)) errors.Add("Lease needs a namespace and a name");
        if (LeaseDuration <= RenewDeadline) errors.Add($"LeaseDuration ({LeaseDuration}) must be greater than RenewDeadline ({RenewDeadline})");
        if (LeaseDuration < TimeSpan.FromSeconds(1) || LeaseDuration.Ticks % TimeSpan.TicksPerSecond != 0) errors.Add("LeaseDuration must be whole seconds, at least one");
        if (RetryPeriod <= TimeSpan.Zero) errors.Add("RetryPeriod must be positive");
        if (RenewDeadline <= RetryPeriod * LeaderElector.Jitter) errors.Add($"RenewDeadline ({RenewDeadline}) must be greater than 1.2 times RetryPeriod ({RetryPeriod})");
        if (errors.Count > 0) throw new ArgumentException("Leader election: " + string.Join("; ", errors) + ".");
    }
}
