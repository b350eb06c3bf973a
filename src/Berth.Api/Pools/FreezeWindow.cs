using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>A recurring time in which nothing is applied or run. On a Namespace the same objects stand as a JSON list in the annotation berth.dev/freeze-windows.</summary>
public sealed record FreezeWindow
{
    /// <summary>Name, for messages.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 63)]
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>When it begins: five cron fields (minute, hour, day of month, month, day of week), or @hourly, @daily, @weekly, @monthly, @yearly.</summary>
    [RequiredField, Bounds(MinLength = 6, MaxLength = 128)]
    public string Schedule { get; init => field = value ?? ""; } = "";

    /// <summary>How long it lasts from each beginning, in elapsed time; at most 31 days.</summary>
    [RequiredField, Duration]
    public string Duration { get; init => field = value ?? ""; } = "";

    /// <summary>Time zone of the schedule by its IANA name, e.g. Europe/Berlin; UTC if absent.</summary>
    [Bounds(MaxLength = 64)]
    public string? TimeZone { get; init; }

    /// <summary>Why, for those who wait.</summary>
    [Bounds(MaxLength = 256)]
    public string? Reason { get; init; }
}
