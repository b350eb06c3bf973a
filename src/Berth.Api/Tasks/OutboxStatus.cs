using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Transitions written with the phase, on their way to the database: all that are not acknowledged, and the last eight.</summary>
public sealed record OutboxStatus
{
    /// <summary>Sequence number of the newest entry; the first is 1.</summary>
    public long Seq { get; init; }

    /// <summary>Every entry up to this number is in the database.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Entries, oldest first.</summary>
    [Bounds(MaxItems = 64)]
    public IReadOnlyList<OutboxEntry> Entries { get; init => field = value ?? []; } = [];
}

/// <summary>One transition. At most 512 bytes of JSON.</summary>
public sealed record OutboxEntry
{
    /// <summary>Number within the task; continues over requeues.</summary>
    public long Seq { get; init; }

    /// <summary>Phase before; empty for the first entry.</summary>
    public TaskPhase? From { get; init; }

    /// <summary>Phase after.</summary>
    public TaskPhase To { get; init; }

    /// <summary>The signal of the transition table.</summary>
    [Bounds(MaxLength = 48)]
    public string Signal { get; init => field = value ?? ""; } = "";

    /// <summary>Stable reason.</summary>
    [Bounds(MaxLength = 64)]
    public string Reason { get; init => field = value ?? ""; } = "";

    /// <summary>Message, cut to fit.</summary>
    [Bounds(MaxLength = 200)]
    public string? Message { get; init; }

    /// <summary>The person, if one caused it.</summary>
    [Bounds(MaxLength = 63)]
    public string? Actor { get; init; }

    /// <summary>Slot name, if one is held.</summary>
    [Bounds(MaxLength = 80)]
    public string? Slot { get; init; }

    /// <summary>Number of the attempt (ids are uid, dash, number).</summary>
    public int? Attempt { get; init; }

    /// <summary>Run.</summary>
    public int Run { get; init; }

    /// <summary>Epoch of the leader that decided.</summary>
    public long Epoch { get; init; }

    /// <summary>When, with microseconds; fixed here for ever.</summary>
    public DateTimeOffset At { get; init; }
}
