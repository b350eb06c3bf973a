namespace Berth.DevCluster.Schema;

/// <summary>What a value on the way through an object is known to correspond to: itself, or the nearest value above it.</summary>
internal readonly record struct RuleOrigin(Correlation? Current, Correlation? Above)
{
    public static RuleOrigin None => default;

    /// <summary>Whether the value did not change, so that its errors are old ones.</summary>
    public bool Unchanged => Current is not null ? Current.Unchanged : Above is { Unchanged: true };

    public RuleOrigin Key(string name)
    {
        if (Current is null)
            return this;
        return Above is null && name is "apiVersion" or "kind" ? None : new(Current.Key(name), Current);
    }

    public RuleOrigin Index(int index) => Current is null ? this : new(Current.Index(index), Current);
}
