using System.Text.Json.Serialization;

namespace Berth.Benchmarks;

/// <summary>One measured figure, beside that of a peer from the same run.</summary>
internal sealed record Figure
{
    /// <summary>The benchmark it comes from.</summary>
    public required string Benchmark { get; init; }

    /// <summary>What was measured.</summary>
    public required string What { get; init; }

    /// <summary>The value.</summary>
    public required double Value { get; init; }

    /// <summary>Its unit.</summary>
    public required string Unit { get; init; }

    /// <summary>What it stands beside.</summary>
    public string? Peer { get; init; }

    /// <summary>The peer's value, in the same unit.</summary>
    public double? PeerValue { get; init; }

    /// <summary>How the two compare; which way round, the limit says.</summary>
    public double? Ratio { get; init; }

    /// <summary>The limit in words.</summary>
    public string? Limit { get; init; }

    /// <summary>Whether it is met; null where there is no limit.</summary>
    public bool? Holds { get; init; }

    /// <summary>Whether a miss fails the run. Times and sizes of one machine are goals, which are shown and do not fail.</summary>
    public bool IsGate { get; init; }
}

/// <summary>JSON of the figures.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(List<Figure>))]
internal sealed partial class FiguresJson : JsonSerializerContext;
