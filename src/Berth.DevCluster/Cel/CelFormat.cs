namespace Berth.DevCluster.Cel;

/// <summary>A named format that strings can be held to; a check returns what is wrong.</summary>
internal sealed record CelFormat(string FormatName, Func<string, IReadOnlyList<string>> Check) : ICelOpaque
{
    public const string Name = "kubernetes.NamedFormat";

    public string TypeName => Name;

    public bool SameAs(ICelOpaque other) => other is CelFormat format && format.FormatName == FormatName;
}
