using System.Text.Json.Serialization;
using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Status of a condition.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConditionStatus>))]
public enum ConditionStatus
{
    /// <summary>Not known yet.</summary>
    Unknown,

    /// <summary>The condition holds.</summary>
    True,

    /// <summary>The condition does not hold.</summary>
    False,
}

/// <summary>A standard Kubernetes condition.</summary>
public sealed record Condition
{
    /// <summary>Type in CamelCase.</summary>
    [RequiredField, Bounds(MaxLength = 63)]
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary>True, False or Unknown.</summary>
    [RequiredField]
    public ConditionStatus Status { get; init; }

    /// <summary>Stable reason in CamelCase; see the reference page of reasons.</summary>
    [RequiredField, Bounds(MaxLength = 128)]
    public string Reason { get; init => field = value ?? ""; } = "";

    /// <summary>What it means here and what to do about it.</summary>
    [Bounds(MaxLength = 2048)]
    public string? Message { get; init; }

    /// <summary>Generation of the spec that was seen when the condition was set.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>When the status last changed.</summary>
    [RequiredField]
    public DateTimeOffset LastTransitionTime { get; init; }
}
