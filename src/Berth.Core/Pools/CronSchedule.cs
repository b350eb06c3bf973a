using System.Globalization;

namespace Berth.Core.Pools;

/// <summary>
/// Five cron fields as cron reads them: lists, ranges, steps, names of months and days, Sunday as 0 or 7; where day of month and day of
/// week are both restricted, either will do.
/// </summary>
public sealed class CronSchedule
{
    private static readonly string[] MonthNames = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] DayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly ulong _days;
    private readonly ulong _months;
    private readonly ulong _weekdays;
    private readonly bool _eitherDay;
    private readonly bool _everyHour;

    private CronSchedule(ulong[] fields, bool eitherDay, bool everyHour)
    {
        (_minutes, _hours, _days, _months) = (fields[0], fields[1], fields[2], fields[3]);
        _weekdays = fields[4] | (Has(fields[4], 7) ? 1UL : 0);
        (_eitherDay, _everyHour) = (eitherDay, everyHour);
    }

    /// <summary>Reads a schedule; null, and what is wrong with it, if it is none.</summary>
    public static CronSchedule? Parse(string text, out string? problem)
    {
        var fields = Expand(text.Trim()).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 5)
        {
            problem = $"'{text}' has {fields.Length} fields; a schedule has five: minute, hour, day of month, month, day of week";
            return null;
        }
        var bits = new ulong[5];
        (string Name, int Low, int High, string[]? Names)[] shapes = [("minute", 0, 59, null), ("hour", 0, 23, null), ("day of month", 1, 31, null), ("month", 1, 12, MonthNames), ("day of week", 0, 7, DayNames)];
        for (var i = 0; i < 5; i++)
        {
            var (name, low, high, names) = shapes[i];
            if (Field(fields[i], low, high, names) is not { } read)
            {
                problem = $"'{fields[i]}' is no {name}; it is a number from {low} to {high}, a range, a list, * or one of these with /step";
                return null;
            }
            bits[i] = read;
        }
        problem = null;
        return new CronSchedule(bits, fields[2][0] != '*' && fields[4][0] != '*', fields[1][0] == '*');
    }

    /// <summary>
    /// The latest beginning at or before a moment, not more than so many days back; null if there is none. A time that the clocks skip
    /// counts as if they had not; of a time that they show twice the first counts, and both where the schedule runs every hour.
    /// </summary>
    public DateTimeOffset? Latest(DateTimeOffset now, TimeZoneInfo zone, int daysBack)
    {
        var local = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        DateTimeOffset? best = null;
        DateTime bestLocal = default;
        // The clocks may have been put back since: what they showed then can lie ahead of what they show now.
        for (var day = local.AddHours(3).Date; day >= local.Date.AddDays(-daysBack); day = day.AddDays(-1))
        {
            if (!OnDay(day)) continue;
            for (var minute = 24 * 60 - 1; minute >= 0; minute--)
            {
                if (!Has(_hours, minute / 60) || !Has(_minutes, minute % 60)) continue;
                var shown = day.AddMinutes(minute);
                if (best is not null && shown < bestLocal.AddHours(-3)) return best;
                foreach (var at in Instants(shown, zone))
                    if (at <= now && (best is null || at > best)) (best, bestLocal) = (at, shown);
            }
            if (best is not null && day < bestLocal.AddHours(-3).Date) return best;
        }
        return best;
    }

    private bool OnDay(DateTime day)
    {
        if (!Has(_months, day.Month)) return false;
        var (ofMonth, ofWeek) = (Has(_days, day.Day), Has(_weekdays, (int)day.DayOfWeek));
        return _eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
    }

    private IEnumerable<DateTimeOffset> Instants(DateTime shown, TimeZoneInfo zone)
    {
        if (zone.IsInvalidTime(shown))
        {
            yield return new DateTimeOffset(shown, zone.GetUtcOffset(shown.AddHours(-3)));
        }
        else if (zone.IsAmbiguousTime(shown))
        {
            var offsets = zone.GetAmbiguousTimeOffsets(shown);
            yield return new DateTimeOffset(shown, offsets.Max());
            if (_everyHour) yield return new DateTimeOffset(shown, offsets.Min());
        }
        else
        {
            yield return new DateTimeOffset(shown, zone.GetUtcOffset(shown));
        }
    }

    private static string Expand(string text) => text switch
    {
        "@yearly" or "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" or "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => text,
    };

    private static ulong? Field(string text, int low, int high, string[]? names)
    {
        ulong bits = 0;
        foreach (var part in text.Split(','))
        {
            var pieces = part.Split('/');
            var step = 1;
            if (pieces.Length > 2 || (pieces.Length == 2 && (!int.TryParse(pieces[1], NumberStyles.None, CultureInfo.InvariantCulture, out step) || step < 1))) return null;
            var (from, to) = (low, high);
            if (pieces[0] != "*")
            {
                var ends = pieces[0].Split('-');
                if (ends.Length > 2 || Number(ends[0], low, names) is not { } first) return null;
                if (Number(ends[^1], low, names) is not { } last || first < low || last > high || last < first) return null;
                (from, to) = (first, ends.Length == 1 && pieces.Length == 2 ? high : last);
            }
            for (var value = from; value <= to; value += step) bits |= 1UL << value;
        }
        return bits;
    }

    private static int? Number(string text, int low, string[]? names)
    {
        var named = names is null ? -1 : Array.FindIndex(names, n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (named >= 0) return named + low;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static bool Has(ulong bits, int value) => (bits >> value & 1) != 0;
}
