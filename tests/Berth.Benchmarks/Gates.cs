namespace Berth.Benchmarks;

/// <summary>
/// Collects the figures of one benchmark and holds them against their limits. Gates are ratios and counts; what depends on the machine
/// alone is a goal.
/// </summary>
internal sealed class Gates(string title)
{
    private readonly List<Figure> _rows = [];
    private readonly string _benchmark = title.Split(':', ',')[0].ToLowerInvariant();

    /// <summary>A figure that must stay below a bound.</summary>
    public void Below(string what, double value, double bound, string unit, string peer = "") =>
        Add(what, value, unit, peer, null, null, $"< {FigureTable.Text(bound, unit)}", value < bound, gate: true);

    /// <summary>A count that must be exact.</summary>
    public void Exactly(string what, long value, long wanted, string peer = "") => Add(what, value, "", peer, null, null, $"= {wanted}", value == wanted, gate: true);

    /// <summary>A count that must not be exceeded.</summary>
    public void AtMost(string what, double value, double most, string unit = "") => Add(what, value, unit, null, null, null, $"≤ {FigureTable.Text(most, unit)}", value <= most, gate: true);

    /// <summary>A time or a size that should stay below a bound on an idle machine.</summary>
    public void Goal(string what, double value, double bound, string unit) => Add(what, value, unit, null, null, null, $"< {FigureTable.Text(bound, unit)}", value < bound, gate: false);

    /// <summary>A figure without a bound.</summary>
    public void Note(string what, double value, string unit, string peer = "") => Add(what, value, unit, peer, null, null, null, null, gate: false);

    /// <summary>A figure beside another, without a bound.</summary>
    public void Beside(string what, double value, string unit, string peer, double peerValue) => Add(what, value, unit, peer, peerValue, value / peerValue, null, null, gate: false);

    /// <summary>A time that must be at least so many times shorter than the peer's.</summary>
    public void Sooner(string what, double value, string unit, string peer, double peerValue, double times, bool gate = true) =>
        Add(what, value, unit, peer, peerValue, peerValue / value, $"≥ {times} × sooner", peerValue / value >= times, gate);

    /// <summary>A rate that must be at least this share of the peer's.</summary>
    public void Share(string what, double value, string unit, string peer, double peerValue, double least, bool gate = true) =>
        Add(what, value, unit, peer, peerValue, value / peerValue, $"≥ {least:0.##} of it", value / peerValue >= least, gate);

    /// <summary>A cost that must be at most so many times the peer's.</summary>
    public void Times(string what, double value, string unit, string peer, double peerValue, double most, bool gate = true) =>
        Add(what, value, unit, peer, peerValue, value / peerValue, $"≤ {most:0.##} × it", value / peerValue <= most, gate);

    /// <summary>Hands the figures to the table; 0 when every gate holds.</summary>
    public int Report()
    {
        FigureTable.Add(_rows);
        return _rows.All(static r => r is not { IsGate: true, Holds: false }) ? 0 : 1;
    }

    private void Add(string what, double value, string unit, string? peer, double? peerValue, double? ratio, string? limit, bool? holds, bool gate) =>
        _rows.Add(new Figure { Benchmark = _benchmark, What = what, Value = value, Unit = unit, Peer = peer is { Length: > 0 } ? peer : null, PeerValue = peerValue, Ratio = ratio, Limit = limit, Holds = holds, IsGate = gate });
}
