namespace Berth.DevCluster.Cel;

/// <summary>An expression's syntax tree. The checker adds the types.</summary>
internal abstract class CelNode(int offset)
{
    public int Offset => offset;

    /// <summary>The static type, once checked.</summary>
    public CelType Type { get; set; } = CelType.Dyn;
}

internal sealed class LiteralNode(int offset, CelValue value) : CelNode(offset)
{
    public CelValue Value => value;
}

internal sealed class IdentNode(int offset, string name) : CelNode(offset)
{
    public string Name => name;

    /// <summary>The type that the name stands for, where it stands for one.</summary>
    public CelType? TypeValue { get; set; }
}

/// <summary>A field; with <paramref name="testOnly"/> only whether it is there, with <paramref name="optional"/> perhaps none.</summary>
internal sealed class SelectNode(int offset, CelNode operand, string name, bool testOnly, bool optional = false) : CelNode(offset)
{
    public CelNode Operand => operand;

    public string Field => name;

    public bool TestOnly => testOnly;

    public bool Optional => optional;

    /// <summary>The variable that the whole path names, where it names one.</summary>
    public string? Variable { get; set; }
}

internal sealed class CallNode(int offset, string function, CelNode? target, IReadOnlyList<CelNode> args) : CelNode(offset)
{
    public string Function { get; set; } = function;

    public CelNode? Target { get; set; } = target;

    public IReadOnlyList<CelNode> Args => args;

    /// <summary>The overloads that the static types leave possible.</summary>
    public IReadOnlyList<CelOverload> Overloads { get; set; } = [];

    /// <summary>The target, if any, and the arguments.</summary>
    public IEnumerable<CelNode> Operands => Target is null ? Args : Args.Prepend(Target);
}

internal sealed class ListNode(int offset, IReadOnlyList<CelNode> items, IReadOnlySet<int> optional) : CelNode(offset)
{
    public IReadOnlyList<CelNode> Items => items;

    public IReadOnlySet<int> Optional => optional;
}

internal sealed record MapEntry(int Offset, CelNode Key, CelNode Value, bool Optional);

internal sealed class MapNode(int offset, IReadOnlyList<MapEntry> entries) : CelNode(offset)
{
    public IReadOnlyList<MapEntry> Entries => entries;
}

/// <summary>The macros that go over a list or map.</summary>
internal enum FoldKind
{
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformList,
    TransformMap,
}

/// <summary>A macro over a range. <see cref="Condition"/> is what all and exists test, and what map and filter filter by.</summary>
internal sealed class FoldNode(int offset, FoldKind kind, CelNode range, string variable, string? second, CelNode? condition, CelNode? transform)
    : CelNode(offset)
{
    public FoldKind Kind => kind;

    public CelNode Range => range;

    public string Variable => variable;

    /// <summary>The second variable, where the first is the index or key.</summary>
    public string? Second => second;

    public CelNode? Condition => condition;

    public CelNode? Transform => transform;
}

/// <summary><c>optMap</c> and <c>optFlatMap</c>.</summary>
internal sealed class OptionalMapNode(int offset, CelNode target, string variable, CelNode body, bool flat) : CelNode(offset)
{
    public CelNode Target => target;

    public string Variable => variable;

    public CelNode Body => body;

    public bool Flat => flat;
}
