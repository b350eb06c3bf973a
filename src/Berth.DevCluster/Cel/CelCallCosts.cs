namespace Berth.DevCluster.Cel;

/// <summary>What the functions cost beyond their operands, and how big their results can be.</summary>
internal static class CelCallCosts
{
    private static readonly CelRange Nominal = CelRange.One;

    /// <summary>An operand's size, and that of its elements where it has some.</summary>
    internal readonly record struct Operand(CelRange Size, CelRange? Element);

    public static (CelRange Cost, CelRange? ResultSize) Of(string function, CallNode call, IReadOnlyList<Operand> args)
    {
        var traversal = CelCostEstimator.Weights.Traversal;
        var regex = CelCostEstimator.Weights.Regex;
        var first = args.Count > 0 ? args[0].Size : CelRange.Zero;
        var second = args.Count > 1 ? args[1].Size : CelRange.Zero;
        switch (function)
        {
            case "_==_" or "_!=_" or "_<_" or "_<=_" or "_>_" or "_>=_" when function is "_==_" or "_!=_" || IsText(call.Args[0]):
                var smaller = Math.Min(first.Max, second.Max);
                return (new CelRange(smaller > 0 ? 1UL : 0, smaller).Times(traversal), CelRange.One);
            case "startsWith" or "endsWith":
                return (second.Times(traversal), CelRange.One);
            case "contains":
                return (first.Times(traversal) * second.Times(traversal), CelRange.One);
            case "matches":
                return ((first + CelRange.One).Times(traversal) * second.Times(regex), CelRange.One);
            case "find" or "findAll":
                return ((first + CelRange.One).Times(traversal) * second.Times(regex), first);
            case "@in" when call.Args[1].Type.Kind != CelTypeKind.Map:
                return (second, CelRange.One);
            case "_+_" when IsText(call.Args[0]):
                return ((first + second).Times(traversal), first + second);
            case "_+_" when call.Args[0].Type.Kind == CelTypeKind.List:
                return (Nominal, first + second);
            case "bytes" or "string" when IsText(call.Args[0]):
                return (first.Times(traversal), function == "bytes" ? first * CelRange.Fixed(4) : first);
            case "lowerAscii" or "upperAscii" or "substring" or "trim" or "url" or "charAt":
                return (first.Times(traversal), first);
            case "replace":
                return (first.Times(2 * traversal), new CelRange(0, (first + CelRange.One) is var count ? (count * args[2].Size + first).Max : 0));
            case "split":
                return (first.Times(2 * traversal), new CelRange(0, first.Max));
            case "join":
                var joined = first * (args[0].Element ?? CelRange.Unknown) + (first * second);
                return (joined.Times(traversal), joined);
            case "format":
                return (first.Times(traversal), null);
            case "isSorted" or "sum" or "max" or "min" or "indexOf" or "lastIndexOf" or "sort" or "@sortByKeys" or "distinct":
                return (OfElements(call, args, traversal), function is "sort" or "@sortByKeys" or "distinct" ? first : CelRange.One);
            case "sets.contains" or "sets.intersects":
                return (first * second, CelRange.One);
            case "sets.equivalent":
                return ((first * second) * CelRange.Fixed(2), CelRange.One);
            case "isURL" or "isIP" or "ip" or "isCIDR" or "cidr" or "quantity" or "isQuantity":
                return (first.Times(traversal), first);
            case "validate":
                return ((second + CelRange.One).Times(traversal) * CelRange.Fixed(128).Times(regex), new CelRange(0, 1));
            case "check":
                return (CelRange.Fixed(350_000), CelRange.One);
            default:
                return (Nominal, null);
        }
    }

    private static CelRange OfElements(CallNode call, IReadOnlyList<Operand> args, double traversal)
    {
        var target = call.Target ?? call.Args[0];
        if (target.Type.Kind == CelTypeKind.String)
            return args[0].Size.Times(traversal);
        var each = target.Type.Element is { Kind: CelTypeKind.String or CelTypeKind.Bytes }
            ? CelRange.One + (args[0].Element ?? CelRange.Unknown).Times(traversal)
            : CelRange.One;
        return args[0].Size * (call.Function == "distinct" ? each * args[0].Size : each);
    }

    private static bool IsText(CelNode node) => node.Type.Kind is CelTypeKind.String or CelTypeKind.Bytes;
}
