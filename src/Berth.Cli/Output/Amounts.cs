using System.Globalization;

namespace Berth.Cli.Output;

/// <summary>Amounts as people read them.</summary>
internal static class Amounts
{
    /// <summary>Bytes in a fitting unit.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.#} GiB"),
    };

    /// <summary>Seconds, with a digit behind the point while they are few.</summary>
    public static string Seconds(double seconds) => seconds < 10 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0}s") : Ages.Of(TimeSpan.FromSeconds(seconds));
}
