namespace Berth.Benchmarks.Machinery;

/// <summary>Order statistics of a series.</summary>
internal sealed class Percentiles
{
    private readonly double[] _sorted;

    public Percentiles(IEnumerable<double> values)
    {
        _sorted = [.. values.Order()];
        if (_sorted.Length == 0) throw new ArgumentException("nothing was measured", nameof(values));
    }

    public int Count => _sorted.Length;

    public double P50 => At(0.50);

    public double P99 => At(0.99);

    public double Max => _sorted[^1];

    private double At(double share) => _sorted[(int)Math.Min(_sorted.Length - 1, Math.Ceiling(_sorted.Length * share) - 1 < 0 ? 0 : Math.Ceiling(_sorted.Length * share) - 1)];
}
