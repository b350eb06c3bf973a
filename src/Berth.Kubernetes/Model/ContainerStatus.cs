using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>Observed state of a container.</summary>
public sealed record ContainerStatus : Extensible
{
    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Id in the runtime.</summary>
    [JsonPropertyName("containerID")]
    public string? ContainerID { get; init; }

    /// <summary>Image.</summary>
    public string? Image { get; init; }

    /// <summary>Id of the image.</summary>
    [JsonPropertyName("imageID")]
    public string? ImageID { get; init; }

    /// <summary>Whether it is ready.</summary>
    public bool Ready { get; init; }

    /// <summary>Whether it has started.</summary>
    public bool? Started { get; init; }

    /// <summary>How often it was restarted.</summary>
    public int RestartCount { get; init; }

    /// <summary>Present state.</summary>
    public ContainerState? State { get; init; }

    /// <summary>State before the last restart.</summary>
    public ContainerState? LastState { get; init; }
}

/// <summary>One of waiting, running and terminated.</summary>
public sealed record ContainerState : Extensible
{
    /// <summary>Not running yet.</summary>
    public ContainerWaiting? Waiting { get; init; }

    /// <summary>Running.</summary>
    public ContainerRunning? Running { get; init; }

    /// <summary>Ended.</summary>
    public ContainerTerminated? Terminated { get; init; }
}

/// <summary>Why a container waits.</summary>
public sealed record ContainerWaiting : Extensible
{
    /// <summary>Machine-readable reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Text for people.</summary>
    public string? Message { get; init; }
}

/// <summary>A running container.</summary>
public sealed record ContainerRunning : Extensible
{
    /// <summary>Since when.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>An ended container.</summary>
public sealed record ContainerTerminated : Extensible
{
    /// <summary>Exit code.</summary>
    public int ExitCode { get; init; }

    /// <summary>Signal that ended it.</summary>
    public int? Signal { get; init; }

    /// <summary>Machine-readable reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Text for people.</summary>
    public string? Message { get; init; }

    /// <summary>When it began.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Id in the runtime.</summary>
    [JsonPropertyName("containerID")]
    public string? ContainerID { get; init; }
}
