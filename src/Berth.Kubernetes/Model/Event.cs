using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>An event about an object.</summary>
public sealed record Event() : KubernetesObject("events.k8s.io/v1", "Event")
{
    /// <summary>First occurrence.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>Repetition.</summary>
    public EventSeries? Series { get; init; }

    /// <summary>Who reports.</summary>
    public string? ReportingController { get; init; }

    /// <summary>Which instance of it.</summary>
    public string? ReportingInstance { get; init; }

    /// <summary>What was done.</summary>
    public string? Action { get; init; }

    /// <summary>Machine-readable reason.</summary>
    public string? Reason { get; init; }

    /// <summary>The object.</summary>
    public ObjectReference? Regarding { get; init; }

    /// <summary>A second object.</summary>
    public ObjectReference? Related { get; init; }

    /// <summary>Text for people.</summary>
    public string? Note { get; init; }

    /// <summary>Normal or Warning.</summary>
    public string? Type { get; init; }
}

/// <summary>Repetition of an event.</summary>
public sealed record EventSeries : Extensible
{
    /// <summary>How often.</summary>
    public int Count { get; init; }

    /// <summary>Last time.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? LastObservedTime { get; init; }
}
