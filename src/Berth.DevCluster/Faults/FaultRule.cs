using System.Text.Json.Serialization;

namespace Berth.DevCluster.Faults;

/// <summary>What a fault does to the requests it meets.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FaultAction>))]
public enum FaultAction
{
    /// <summary>Answered as usual, after a while.</summary>
    Delay,

    /// <summary>The connection is cut without an answer; what was asked is not done.</summary>
    Drop,

    /// <summary>What was asked is done, but the connection is cut before the answer.</summary>
    DropAnswer,

    /// <summary>Answered with an error.</summary>
    Error,

    /// <summary>A watch that stays open and says nothing more; other requests never get an answer.</summary>
    HalfOpen,

    /// <summary>Lists show the state at the time the rule was made; reads of single objects stay true.</summary>
    StaleList,
}

/// <summary>One fault: which requests it meets, what happens to them, and how often. Empty texts match everything.</summary>
/// <remarks>The properties can be set after the making, because the generated reader leaves those alone that a rule does not name, and would
/// clear them if they were init-only.</remarks>
public sealed record FaultRule
{
    /// <summary>What happens.</summary>
    public required FaultAction Action { get; init; }

    /// <summary>The verb: get, list, watch, create, update, patch, delete, deletecollection.</summary>
    public string Verb { get; set; } = "";

    /// <summary>The API group; <c>core</c> for the nameless one.</summary>
    public string Group { get; set; } = "";

    /// <summary>The resource in plural, with its subresource if one is meant: <c>tasks</c>, <c>tasks/status</c>.</summary>
    public string Resource { get; set; } = "";

    /// <summary>The namespace.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>The object's name.</summary>
    public string Name { get; set; } = "";

    /// <summary>The user who asks.</summary>
    public string User { get; set; } = "";

    /// <summary>The start of the User-Agent header.</summary>
    public string UserAgent { get; set; } = "";

    /// <summary>How long a delay lasts, in milliseconds.</summary>
    public int DelayMilliseconds { get; set; }

    /// <summary>The code of an error: 409, 410, 429, 500, 503, 504, …</summary>
    public int Code { get; set; } = 500;

    /// <summary>The Retry-After of an error, in seconds; 0 for none.</summary>
    public int RetryAfterSeconds { get; set; }

    /// <summary>How many requests it meets before it is used up; 0 for all until it is cleared.</summary>
    public int Times { get; set; }

    /// <summary>How many matching requests pass before the first that it meets.</summary>
    public int Skip { get; set; }

    /// <summary>The share of matching requests that it meets, from 0 to 1; drawn from a generator seeded by <see cref="Seed"/>.</summary>
    public double Probability { get; set; } = 1;

    /// <summary>The seed of the draws.</summary>
    public int Seed { get; set; }
}

/// <summary>Source-generated serialization of fault rules.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FaultRule))]
internal sealed partial class FaultJson : JsonSerializerContext;
