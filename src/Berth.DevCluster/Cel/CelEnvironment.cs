namespace Berth.DevCluster.Cel;

/// <summary>What an expression can name: variables with their declarations, and functions.</summary>
internal sealed class CelEnvironment(IReadOnlyList<KeyValuePair<string, CelDecl>> variables)
{
    private readonly Dictionary<string, CelDecl> declarations = new(variables, StringComparer.Ordinal);
    private readonly Dictionary<string, int> slots = variables.Select((v, i) => (v.Key, i)).ToDictionary(v => v.Key, v => v.i, StringComparer.Ordinal);

    public CelLibrary Functions { get; } = CelLibrary.Standard;

    /// <summary>The variables in the order that programs take their values.</summary>
    public IReadOnlyList<KeyValuePair<string, CelDecl>> Variables => variables;

    public CelDecl? Find(string variable) => declarations.GetValueOrDefault(variable);

    public int Slot(string variable) => slots[variable];

    /// <summary>This environment and one more variable.</summary>
    public CelEnvironment With(string name, CelDecl decl) => new([.. variables, KeyValuePair.Create(name, decl)]);
}
