using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>Behaviour of an <see cref="EventRecorder"/>.</summary>
public sealed record EventRecorderOptions
{
    /// <summary>Who reports, such as <c>berth.dev/operator</c>.</summary>
    public required string Controller { get; init; }

    /// <summary>Which instance of it, such as the pod's name.</summary>
    public required string Instance { get; init; }

    /// <summary>Namespace for events about cluster-scoped objects.</summary>
    public string ClusterNamespace { get; init; } = "default";

    /// <summary>How many events may wait; the rest is dropped and counted.</summary>
    public int QueueLength { get; init; } = 1000;

    /// <summary>How many events alike in all but their note are written apart before they are merged into one.</summary>
    public int AlikeLimit { get; init; } = 10;

    /// <summary>For how long events count as alike.</summary>
    public TimeSpan AlikeWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many events about one object may come at once.</summary>
    public int Burst { get; init; } = 25;

    /// <summary>One more event about an object is allowed after each such time.</summary>
    public TimeSpan RefillPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many distinct events and objects are remembered.</summary>
    public int MemoryLimit { get; init; } = 4096;

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to log; null logs nothing.</summary>
    public ILoggerFactory? Logging { get; init; }
}
