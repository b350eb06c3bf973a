namespace Berth.DevCluster.Cel;

/// <summary>A policy's own variables: each is evaluated when it is first read, and once.</summary>
internal sealed class LazyVariables(IReadOnlyDictionary<string, Func<CelValue>> variables) : CelMap
{
    private readonly Dictionary<string, CelValue> known = new(StringComparer.Ordinal);

    public override int Count => variables.Count;

    public override string TypeName => "kubernetes.variables";

    public override IEnumerable<CelValue> Keys => variables.Keys.Select(CelValue.Of);

    public override CelValue? Find(CelValue key) => key.Kind == CelKind.String ? FindField(key.AsString) : null;

    public override bool HasField(string name) => variables.ContainsKey(name);

    public override CelValue? FindField(string name)
    {
        if (known.TryGetValue(name, out var value))
            return value;
        if (!variables.TryGetValue(name, out var evaluate))
            return null;
        value = evaluate();
        if (value.IsError)
            value = CelValue.Error($"composited variable {Schema.GoText.Quote(name)} fails to evaluate: {value.Message}");
        return known[name] = value;
    }
}
