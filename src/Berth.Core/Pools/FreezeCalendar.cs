using Berth.Api;

namespace Berth.Core.Pools;

/// <summary>A freeze that holds now.</summary>
/// <param name="Window">Name of the window.</param>
/// <param name="Reason">Why, as its author says.</param>
/// <param name="Until">When it ends; windows that follow without a gap are counted in.</param>
public sealed record Freeze(string Window, string? Reason, DateTimeOffset Until);

/// <summary>Freeze windows, read once. One that cannot be read freezes: better a late apply than one that was forbidden.</summary>
public sealed class FreezeCalendar
{
    /// <summary>No window lasts longer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(31);

    private readonly IReadOnlyList<Entry> _entries;

    private FreezeCalendar(IReadOnlyList<Entry> entries, string? problem) => (_entries, Problem) = (entries, problem);

    /// <summary>Why the windows cannot be read; null if they can.</summary>
    public string? Problem { get; }

    /// <summary>Reads windows.</summary>
    /// <param name="windows">The windows.</param>
    /// <param name="zones">Finds a time zone by name; null if there is none.</param>
    public static FreezeCalendar Of(IReadOnlyList<FreezeWindow>? windows, Func<string, TimeZoneInfo?> zones)
    {
        var entries = new List<Entry>();
        foreach (var window in windows ?? [])
        {
            var schedule = CronSchedule.Parse(window.Schedule, out var problem);
            var zone = window.TimeZone is { Length: > 0 } name ? zones(name) : TimeZoneInfo.Utc;
            problem ??= zone is null ? $"time zone {window.TimeZone} is not known; use an IANA name such as Europe/Berlin" : null;
            if (!Durations.TryParse(window.Duration, out var length) || length <= TimeSpan.Zero || length > Longest) problem ??= $"'{window.Duration}' is no duration between 1s and 744h";
            if (problem is not null) return new FreezeCalendar([], $"freeze window {window.Name}: {problem}");
            entries.Add(new Entry(window, schedule!, zone!, length));
        }
        return new FreezeCalendar(entries, null);
    }

    /// <summary>The freeze at a moment; null if nothing is frozen.</summary>
    public Freeze? At(DateTimeOffset now)
    {
        if (LongestAt(now) is not { } first) return null;
        var until = first.Until;
        // Windows that follow one another without a gap are one freeze to those who wait.
        for (var i = 0; i < 64 && LongestAt(until) is { } next && next.Until > until; i++) until = next.Until;
        return first with { Until = until };
    }

    private Freeze? LongestAt(DateTimeOffset at)
    {
        Freeze? longest = null;
        foreach (var entry in _entries)
        {
            if (entry.Schedule.Latest(at, entry.Zone, (int)entry.Length.TotalDays + 2) is not { } begin || begin + entry.Length <= at) continue;
            if (longest is null || begin + entry.Length > longest.Until) longest = new Freeze(entry.Window.Name, entry.Window.Reason, (begin + entry.Length).ToUniversalTime());
        }
        return longest;
    }

    private sealed record Entry(FreezeWindow Window, CronSchedule Schedule, TimeZoneInfo Zone, TimeSpan Length);
}
