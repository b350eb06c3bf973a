using System.Globalization;

namespace Berth.DevCluster.Tables;

/// <summary>Durations as kubectl shows them: two units at most.</summary>
internal static class Age
{
    public static string Since(string? timestamp, TimeProvider time) =>
        DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, out var start) ? Of(time.GetUtcNow() - start) : "<unknown>";

    public static string Of(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        if (seconds < -1) return "<invalid>";
        if (seconds < 0) return "0s";
        if (seconds < 120) return $"{seconds}s";
        var minutes = seconds / 60;
        if (minutes < 10) return seconds % 60 == 0 ? $"{minutes}m" : $"{minutes}m{seconds % 60}s";
        if (minutes < 180) return $"{minutes}m";
        var hours = minutes / 60;
        if (hours < 8) return minutes % 60 == 0 ? $"{hours}h" : $"{hours}h{minutes % 60}m";
        if (hours < 48) return $"{hours}h";
        var days = hours / 24;
        if (days < 8) return hours % 24 == 0 ? $"{days}d" : $"{days}d{hours % 24}h";
        if (days < 730) return $"{days}d";
        var years = days / 365;
        return years < 8 && days % 365 != 0 ? $"{years}y{days % 365}d" : $"{years}y";
    }
}
