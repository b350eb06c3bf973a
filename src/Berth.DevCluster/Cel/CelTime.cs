using System.Globalization;
using System.Numerics;

namespace Berth.DevCluster.Cel;

/// <summary>A moment to the nanosecond, between the years 1 and 9999.</summary>
internal sealed record CelTime(long Seconds, int Nanos) : IComparable<CelTime>
{
    private const long Earliest = -62135596800;
    private const long Latest = 253402300799;

    public static CelTime? Create(long seconds, int nanos) => seconds is < Earliest or > Latest ? null : new(seconds, nanos);

    /// <summary>Parses RFC 3339, or a date alone.</summary>
    public static CelTime? Parse(string text)
    {
        var fraction = text.IndexOf('.');
        var nanos = 0;
        var plain = text;
        if (fraction > 0)
        {
            var end = fraction + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
                end++;
            var digits = text[(fraction + 1)..end];
            if (digits.Length == 0)
                return null;
            nanos = int.Parse((digits.Length > 9 ? digits[..9] : digits).PadRight(9, '0'), CultureInfo.InvariantCulture);
            plain = text[..fraction] + text[end..];
        }
        string[] formats = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];
        return DateTimeOffset.TryParseExact(plain, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Create(time.ToUnixTimeSeconds(), nanos)
            : null;
    }

    public static CelTime? ParseDate(string text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Create(time.ToUnixTimeSeconds(), 0)
            : null;

    public CelTime? Add(long nanoseconds)
    {
        var total = ((BigInteger)Seconds * 1_000_000_000) + Nanos + nanoseconds;
        var seconds = BigInteger.Divide(total, 1_000_000_000);
        var nanos = (int)(total % 1_000_000_000);
        if (nanos < 0)
        {
            nanos += 1_000_000_000;
            seconds -= 1;
        }
        return Create((long)seconds, nanos);
    }

    /// <summary>The nanoseconds since another moment; null when they do not fit.</summary>
    public long? Since(CelTime other)
    {
        var total = ((BigInteger)(Seconds - other.Seconds) * 1_000_000_000) + (Nanos - other.Nanos);
        return total < long.MinValue || total > long.MaxValue ? null : (long)total;
    }

    public DateTimeOffset ToDateTime() => DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanos / 100);

    public int CompareTo(CelTime? other) =>
        other is null ? 1 : Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanos.CompareTo(other.Nanos);

    public override string ToString()
    {
        var text = DateTimeOffset.FromUnixTimeSeconds(Seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return Nanos == 0 ? text + "Z" : $"{text}.{Nanos.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0')}Z";
    }
}
