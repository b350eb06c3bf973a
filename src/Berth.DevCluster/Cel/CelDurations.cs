using System.Globalization;

namespace Berth.DevCluster.Cel;

/// <summary>The text that a duration converts to: seconds with the suffix s.</summary>
internal static class CelDurations
{
    public static string Text(long nanoseconds)
    {
        var seconds = (decimal)nanoseconds / 1_000_000_000m;
        return seconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s";
    }
}
