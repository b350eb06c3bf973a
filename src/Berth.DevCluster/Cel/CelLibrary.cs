namespace Berth.DevCluster.Cel;

/// <summary>The functions that expressions can call, by name.</summary>
internal sealed class CelLibrary
{
    private readonly Dictionary<string, List<CelOverload>> functions = new(StringComparer.Ordinal);

    /// <summary>Everything that Kubernetes offers to every expression and this server implements.</summary>
    public static CelLibrary Standard { get; } = Build();

    public IReadOnlyList<CelOverload> Find(string name) => functions.TryGetValue(name, out var overloads) ? overloads : [];

    public bool Has(string name) => functions.ContainsKey(name);

    /// <summary>Adds a global function.</summary>
    public void Global(string name, CelType[] parameters, CelType result, CelImplementation run) =>
        Add(new CelOverload(name, false, parameters, result, run));

    /// <summary>Adds a function of a target, the first parameter.</summary>
    public void Member(string name, CelType[] parameters, CelType result, CelImplementation run) =>
        Add(new CelOverload(name, true, parameters, result, run));

    private void Add(CelOverload overload)
    {
        if (!functions.TryGetValue(overload.Function, out var overloads))
            functions[overload.Function] = overloads = [];
        overloads.Add(overload);
    }

    private static CelLibrary Build()
    {
        var library = new CelLibrary();
        Operators.Register(library);
        Comparisons.Register(library);
        Conversions.Register(library);
        StringFunctions.Register(library);
        ListFunctions.Register(library);
        TimeFunctions.Register(library);
        OptionalFunctions.Register(library);
        QuantityFunctions.Register(library);
        NetworkFunctions.Register(library);
        UrlFunctions.Register(library);
        FormatFunctions.Register(library);
        AuthorizerFunctions.Register(library);
        return library;
    }
}
