using System.Globalization;

namespace Berth.DevCluster.Pods.Volumes;

/// <summary>Kubernetes quantities such as <c>100m</c>, <c>1Gi</c>, <c>2e3</c>.</summary>
internal static class Quantity
{
    private static readonly Dictionary<string, decimal> Units = new()
    {
        ["n"] = 0.000000001m,
        ["u"] = 0.000001m,
        ["m"] = 0.001m,
        [""] = 1,
        ["k"] = 1e3m,
        ["M"] = 1e6m,
        ["G"] = 1e9m,
        ["T"] = 1e12m,
        ["P"] = 1e15m,
        ["E"] = 1e18m,
        ["Ki"] = 1024m,
        ["Mi"] = 1048576m,
        ["Gi"] = 1073741824m,
        ["Ti"] = 1099511627776m,
        ["Pi"] = 1125899906842624m,
        ["Ei"] = 1152921504606846976m,
    };

    public static decimal Parse(string text)
    {
        int end = text.Length;
        while (end > 0 && char.IsLetter(text[end - 1]))
        {
            end--;
        }

        if (Units.TryGetValue(text[end..], out decimal unit)
            && decimal.TryParse(text[..end], NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number))
        {
            return number * unit;
        }

        throw new VolumeException($"'{text}' is no quantity; write one such as 100m, 2 or 1Gi");
    }
}
