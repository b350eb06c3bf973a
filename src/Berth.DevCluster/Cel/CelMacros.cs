namespace Berth.DevCluster.Cel;

/// <summary>The calls that are not functions: they bind variables.</summary>
internal static class CelMacros
{
    /// <summary>The tree of a macro; null when the call is an ordinary one.</summary>
    /// <exception cref="CelSyntaxException">A variable is not a simple name.</exception>
    public static CelNode? Expand(CelNode target, string name, int offset, IReadOnlyList<CelNode> args) => (name, args.Count) switch
    {
        ("all", 2) => new FoldNode(offset, FoldKind.All, target, Variable(args[0]), null, args[1], null),
        ("exists", 2) => new FoldNode(offset, FoldKind.Exists, target, Variable(args[0]), null, args[1], null),
        ("exists_one" or "existsOne", 2) => new FoldNode(offset, FoldKind.ExistsOne, target, Variable(args[0]), null, args[1], null),
        ("map", 2) => new FoldNode(offset, FoldKind.Map, target, Variable(args[0]), null, null, args[1]),
        ("map", 3) => new FoldNode(offset, FoldKind.Map, target, Variable(args[0]), null, args[1], args[2]),
        ("filter", 2) => new FoldNode(offset, FoldKind.Filter, target, Variable(args[0]), null, args[1], null),
        ("all", 3) => new FoldNode(offset, FoldKind.All, target, Variable(args[0]), Variable(args[1]), args[2], null),
        ("exists", 3) => new FoldNode(offset, FoldKind.Exists, target, Variable(args[0]), Variable(args[1]), args[2], null),
        ("exists_one" or "existsOne", 3) => new FoldNode(offset, FoldKind.ExistsOne, target, Variable(args[0]), Variable(args[1]), args[2], null),
        ("transformList", 3) => new FoldNode(offset, FoldKind.TransformList, target, Variable(args[0]), Variable(args[1]), null, args[2]),
        ("transformList", 4) => new FoldNode(offset, FoldKind.TransformList, target, Variable(args[0]), Variable(args[1]), args[2], args[3]),
        ("transformMap", 3) => new FoldNode(offset, FoldKind.TransformMap, target, Variable(args[0]), Variable(args[1]), null, args[2]),
        ("transformMap", 4) => new FoldNode(offset, FoldKind.TransformMap, target, Variable(args[0]), Variable(args[1]), args[2], args[3]),
        ("sortBy", 2) => new CallNode(offset, "@sortByKeys", target,
            [new FoldNode(offset, FoldKind.Map, target, Variable(args[0]), null, null, args[1])]),
        ("optMap", 2) => new OptionalMapNode(offset, target, Variable(args[0]), args[1], flat: false),
        ("optFlatMap", 2) => new OptionalMapNode(offset, target, Variable(args[0]), args[1], flat: true),
        _ => null,
    };

    private static string Variable(CelNode node) => node is IdentNode ident
        ? ident.Name
        : throw new CelSyntaxException(new(node.Offset, "argument must be a simple name"));
}
