namespace Berth.DevCluster.Cel;

/// <summary>The parts of timestamps and durations.</summary>
internal static class TimeFunctions
{
    public static void Register(CelLibrary library)
    {
        Part(library, "getFullYear", t => t.Year);
        Part(library, "getMonth", t => t.Month - 1);
        Part(library, "getDayOfYear", t => t.DayOfYear - 1);
        Part(library, "getDayOfMonth", t => t.Day - 1);
        Part(library, "getDate", t => t.Day);
        Part(library, "getDayOfWeek", t => (int)t.DayOfWeek);
        Part(library, "getHours", t => t.Hour);
        Part(library, "getMinutes", t => t.Minute);
        Part(library, "getSeconds", t => t.Second);
        Part(library, "getMilliseconds", t => t.Millisecond);
        Span(library, "getHours", 3_600_000_000_000);
        Span(library, "getMinutes", 60_000_000_000);
        Span(library, "getSeconds", 1_000_000_000);
        library.Member("getMilliseconds", [CelType.Duration], CelType.Int, a => CelValue.Of(a[0].AsDuration / 1_000_000));
    }

    private static void Part(CelLibrary library, string name, Func<DateTimeOffset, int> part)
    {
        library.Member(name, [CelType.Timestamp], CelType.Int, a => CelValue.Of((long)part(a[0].AsTime.ToDateTime())));
        library.Member(name, [CelType.Timestamp, CelType.String], CelType.Int, a => InZone(a[0].AsTime, a[1].AsString) is { } time
            ? CelValue.Of((long)part(time))
            : CelValue.Error($"unknown time zone {a[1].AsString}"));
    }

    private static void Span(CelLibrary library, string name, long unit) =>
        library.Member(name, [CelType.Duration], CelType.Int, a => CelValue.Of(a[0].AsDuration / unit));

    private static DateTimeOffset? InZone(CelTime time, string zone)
    {
        var utc = time.ToDateTime();
        var offset = zone.TrimStart('+', '-');
        if (offset.Length == 5 && offset[2] == ':' && TimeSpan.TryParseExact(offset, @"hh\:mm", null, out var span))
            return utc.ToOffset(zone[0] == '-' ? -span : span);
        return TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var info) ? TimeZoneInfo.ConvertTime(utc, info) : null;
    }
}
