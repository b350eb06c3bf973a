using Berth.Api;

namespace Berth.History;

/// <summary>An attempt as it is kept. Written again whenever more is known; what is known is never forgotten.</summary>
public sealed record AttemptRecord
{
    /// <summary>Task uid.</summary>
    public string TaskUid { get; init; } = "";

    /// <summary>The attempt.</summary>
    public AttemptStatus Attempt { get; init; } = new();

    /// <summary>Processor time of its processes, in seconds, if the agent told.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>The most memory its processes had at once, in bytes, if the agent told.</summary>
    public long? MaxMemoryBytes { get; init; }

    /// <summary>As a task's status tells it.</summary>
    public static AttemptRecord Of(string taskUid, AttemptStatus attempt)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        return new() { TaskUid = taskUid, Attempt = attempt, CpuSeconds = attempt.CpuMilliseconds / 1000.0, MaxMemoryBytes = attempt.MaxMemoryKiB * 1024 };
    }
}
