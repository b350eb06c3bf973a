namespace Berth.DevCluster.Cel;

/// <summary>The least and the most that something costs or measures; sums and products stop at the largest number.</summary>
internal readonly record struct CelRange(ulong Min, ulong Max)
{
    public static readonly CelRange Zero = new(0, 0);
    public static readonly CelRange One = new(1, 1);
    public static readonly CelRange Unknown = new(0, ulong.MaxValue);

    public static CelRange Fixed(ulong value) => new(value, value);

    public static CelRange operator +(CelRange a, CelRange b) => new(Add(a.Min, b.Min), Add(a.Max, b.Max));

    public static CelRange operator *(CelRange a, CelRange b) => new(Multiply(a.Min, b.Min), Multiply(a.Max, b.Max));

    /// <summary>What covers both.</summary>
    public CelRange Or(CelRange other) => new(Math.Min(Min, other.Min), Math.Max(Max, other.Max));

    /// <summary>A fraction, rounded up.</summary>
    public CelRange Times(double factor) => new(Scale(Min, factor), Scale(Max, factor));

    private static ulong Add(ulong a, ulong b) => ulong.MaxValue - a < b ? ulong.MaxValue : a + b;

    private static ulong Multiply(ulong a, ulong b) => a != 0 && ulong.MaxValue / a < b ? ulong.MaxValue : a * b;

    private static ulong Scale(ulong value, double factor)
    {
        var scaled = Math.Ceiling(value * factor);
        return scaled >= ulong.MaxValue ? ulong.MaxValue : (ulong)scaled;
    }
}
