using System.Globalization;

namespace Berth.DevCluster.Discovery;

/// <summary>Orders versions by maturity, then number: v2, v1, v1beta1, v1alpha1.</summary>
internal sealed class KubernetesVersionOrder : IComparer<string>
{
    public static readonly KubernetesVersionOrder Instance = new();

    public int Compare(string? x, string? y)
    {
        var (a, b) = (Parts(x!), Parts(y!));
        var order = a.Stage.CompareTo(b.Stage);
        if (order == 0) order = a.Major.CompareTo(b.Major);
        if (order == 0) order = a.Minor.CompareTo(b.Minor);
        return order != 0 ? order : string.CompareOrdinal(y, x);
    }

    private static (int Stage, int Major, int Minor) Parts(string version)
    {
        var digits = version.Skip(1).TakeWhile(char.IsDigit).Count();
        if (version.Length < 2 || version[0] != 'v' || digits == 0) return (0, 0, 0);
        var major = int.Parse(version.AsSpan(1, digits), NumberStyles.None, CultureInfo.InvariantCulture);
        var rest = version[(1 + digits)..];
        if (rest.Length == 0) return (3, major, 0);
        foreach (var (word, stage) in (ReadOnlySpan<(string, int)>)[("beta", 2), ("alpha", 1)])
        {
            if (rest.StartsWith(word, StringComparison.Ordinal) && int.TryParse(rest[word.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)) return (stage, major, minor);
        }
        return (0, 0, 0);
    }
}
