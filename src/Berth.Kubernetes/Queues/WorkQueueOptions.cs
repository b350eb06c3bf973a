namespace Berth.Kubernetes;

/// <summary>Behaviour of a <see cref="WorkQueue{TKey}"/>.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>Name, for metrics and logs.</summary>
    public string Name { get; init; } = "queue";

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Pause after the first failure of a key; doubled by each further one.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest pause after a failure.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(1000);
}

/// <summary>Which keys go first.</summary>
public enum WorkPriority
{
    /// <summary>Nothing happened: first fill of a cache, a sweep. Waits behind all others, but at least one in sixteen keys taken is such a one.</summary>
    Background,

    /// <summary>Something happened.</summary>
    Normal,
}
