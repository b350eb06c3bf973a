using System.Globalization;

namespace Berth.Benchmarks;

/// <summary>Collects figures, holds them against their bounds and prints them as a table.</summary>
internal sealed class Gates(string title)
{
    private readonly List<(string What, string Value, string Bound, string Peer, bool Holds)> _rows = [];

    /// <summary>A figure that must stay below a bound.</summary>
    public void Below(string what, double value, double bound, string unit, string peer = "") =>
        _rows.Add((what, Text(value, unit), $"< {Text(bound, unit)}", peer, value < bound));

    /// <summary>A count that must be exact.</summary>
    public void Exactly(string what, long value, long wanted, string peer = "") => _rows.Add((what, Text(value, ""), $"= {wanted}", peer, value == wanted));

    /// <summary>A figure without a bound.</summary>
    public void Note(string what, double value, string unit, string peer = "") => _rows.Add((what, Text(value, unit), "", peer, true));

    /// <summary>Prints all; 0 when every bound holds.</summary>
    public int Report()
    {
        Console.WriteLine();
        Console.WriteLine(title);
        Console.WriteLine($"  {"",-44} {"measured",14} {"bound",14}  peer");
        foreach (var (what, value, bound, peer, holds) in _rows) Console.WriteLine($"{(holds ? " " : "!")} {what,-44} {value,14} {bound,14}  {peer}");
        return _rows.All(static r => r.Holds) ? 0 : 1;
    }

    private static string Text(double value, string unit) => value.ToString(Math.Abs(value) >= 100 || value == Math.Truncate(value) ? "0" : "0.00", CultureInfo.InvariantCulture) + (unit.Length > 0 ? " " + unit : "");
}
