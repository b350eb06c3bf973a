using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>
/// Estimates the most that an expression can cost, from the declared bounds of what it reads. The unit and the weights are those of
/// Kubernetes: a read is 1, a traversal of a string a tenth of its length, a macro its range times its body.
/// </summary>
internal sealed class CelCostEstimator(CelEnvironment environment)
{
    private const double Traversal = 0.1;
    private const double RegexLength = 0.25;

    private readonly Stack<(string Name, Part Value)> locals = new();

    /// <summary>What is known of a value: its declaration where it is read from one, and how big it is.</summary>
    private sealed record Part(CelRange Cost, CelRange? Size, CelDecl? Decl)
    {
        public CelRange? ElementSize { get; init; }

        public CelRange SizeOrUnknown => Size ?? CelRange.Unknown;
    }

    /// <summary>The most that a checked expression can cost.</summary>
    public static ulong Estimate(CelProgram program) => new CelCostEstimator(program.Environment).Visit(program.Tree).Cost.Max;

    private Part Visit(CelNode node) => node switch
    {
        LiteralNode literal => new(CelRange.Zero, SizeOf(literal.Value), null),
        IdentNode ident => Ident(ident),
        SelectNode select => Select(select),
        CallNode call => Call(call),
        ListNode list => List(list),
        MapNode map => Map(map),
        FoldNode fold => Fold(fold),
        OptionalMapNode optional => OptionalMap(optional),
        _ => new(CelRange.Unknown, null, null),
    };

    private static CelRange SizeOf(CelValue value) => value.Kind switch
    {
        CelKind.String => CelRange.Fixed((ulong)Runes.Count(value.AsString)),
        CelKind.Bytes => CelRange.Fixed((ulong)value.AsBytes.Length),
        _ => CelRange.One,
    };

    private static Part Read(CelRange cost, CelDecl? decl, CelType type) =>
        decl is null ? new(cost, TypeSize(type), null) : new(cost, new CelRange(0, (ulong)decl.MaxElements), decl);

    private static CelRange? TypeSize(CelType type) => type.Kind is CelTypeKind.Bool or CelTypeKind.Int or CelTypeKind.Uint
        or CelTypeKind.Double or CelTypeKind.Duration or CelTypeKind.Timestamp ? CelRange.One : null;

    private Part Ident(IdentNode ident)
    {
        if (ident.TypeValue is not null)
            return new(CelRange.One, CelRange.One, null);
        foreach (var (name, value) in locals)
        {
            if (name == ident.Name)
                return value with { Cost = CelRange.One };
        }
        return Read(CelRange.One, environment.Find(ident.Name), ident.Type);
    }

    private Part Select(SelectNode select)
    {
        if (select.Variable is { } variable)
            return Read(CelRange.One, environment.Find(variable), select.Type);
        var operand = Visit(select.Operand);
        if (select.TestOnly)
            return new(operand.Cost, CelRange.One, null);
        var paid = select.Operand.Type.Kind is CelTypeKind.Map or CelTypeKind.Object or CelTypeKind.Optional || select.Optional ? CelRange.One : CelRange.Zero;
        // A map's value read as a field has no known bounds, as for Kubernetes; read by index it has.
        var decl = operand.Decl?.Fields.GetValueOrDefault(select.Field)?.Decl;
        return Read(operand.Cost + paid, decl, select.Type);
    }

    private Part Call(CallNode call)
    {
        var parts = call.Operands.Select(Visit).ToArray();
        var sum = parts.Aggregate(CelRange.Zero, (cost, part) => cost + part.Cost);
        switch (call.Function)
        {
            case "_&&_" or "_||_":
                return new(new CelRange(parts[0].Cost.Min, (parts[0].Cost + parts[1].Cost).Max), CelRange.One, null);
            case "_?_:_":
                return new(parts[0].Cost + parts[1].Cost.Or(parts[2].Cost), parts[1].SizeOrUnknown.Or(parts[2].SizeOrUnknown), parts[1].Decl ?? parts[2].Decl);
            case "_[_]" or "_[?_]":
                var element = parts[0].Decl?.Element;
                return Read(sum + CelRange.One, element, call.Type) is var read && element is null && parts[0].ElementSize is { } size ? read with { Size = size } : read;
            case "dyn" or "value" or "orValue" or "or" or "optional.of":
                var opened = parts.Length > 1 ? parts[0].SizeOrUnknown.Or(parts[1].SizeOrUnknown) : parts[0].SizeOrUnknown;
                return parts[0] with { Cost = sum + CelRange.One, Size = opened };
        }
        var (own, result) = CelCallCosts.Of(call.Function, call, [.. parts.Select(p => Sizes(p))]);
        return new(sum + own, result ?? TypeSize(call.Type), null);
    }

    private static CelCallCosts.Operand Sizes(Part part) =>
        new(part.SizeOrUnknown, part.ElementSize ?? (part.Decl?.Element is { } element ? new CelRange(0, (ulong)element.MaxElements) : null));

    private Part List(ListNode list)
    {
        var cost = CelRange.Fixed(10);
        CelRange? element = null;
        foreach (var item in list.Items)
        {
            var part = Visit(item);
            cost += part.Cost;
            element = element?.Or(part.SizeOrUnknown) ?? part.SizeOrUnknown;
        }
        return new(cost, CelRange.Fixed((ulong)list.Items.Count), null) { ElementSize = element ?? CelRange.Zero };
    }

    private Part Map(MapNode map)
    {
        var cost = CelRange.Fixed(30);
        CelRange? element = null;
        foreach (var entry in map.Entries)
        {
            var value = Visit(entry.Value);
            cost += Visit(entry.Key).Cost + value.Cost;
            element = element?.Or(value.SizeOrUnknown) ?? value.SizeOrUnknown;
        }
        return new(cost, CelRange.Fixed((ulong)map.Entries.Count), null) { ElementSize = element ?? CelRange.Zero };
    }

    private Part Fold(FoldNode fold)
    {
        var range = Visit(fold.Range);
        var size = range.SizeOrUnknown;
        var isMap = fold.Range.Type.Kind == CelTypeKind.Map;
        var element = Element(range);
        var key = new Part(CelRange.One, isMap ? new CelRange(0, SchemaDecl.MaxRequest) : CelRange.One, null);
        if (fold.Second is { } second)
            locals.Push((second, element));
        locals.Push((fold.Variable, fold.Second is not null || isMap ? key : element));
        var condition = fold.Condition is { } test ? Visit(test).Cost : CelRange.Zero;
        var made = fold.Transform is { } transform ? Visit(transform) : null;
        var variable = locals.Pop().Value;
        if (fold.Second is not null)
            locals.Pop();
        // What the macro stands for: its accumulator, the loop's condition and step, and the result.
        var (start, step, end) = fold.Kind switch
        {
            FoldKind.All => (0UL, CelRange.Fixed(3) + condition, 1UL),
            FoldKind.Exists => (0UL, CelRange.Fixed(4) + condition, 1UL),
            FoldKind.ExistsOne => (0UL, condition + CelRange.Fixed(2), 2UL),
            FoldKind.TransformMap => (30UL, condition + CelRange.Fixed(32) + made!.Cost, 1UL),
            _ => (10UL, condition + CelRange.Fixed(12) + (made?.Cost ?? CelRange.One), 1UL),
        };
        var cost = range.Cost + CelRange.Fixed(start + end) + (size * step);
        return fold.Kind is FoldKind.All or FoldKind.Exists or FoldKind.ExistsOne
            ? new(cost, CelRange.One, null)
            : new(cost, new CelRange(0, size.Max), fold.Kind == FoldKind.Filter && !isMap ? range.Decl : null) { ElementSize = (made ?? variable).SizeOrUnknown };
    }

    private static Part Element(Part container) => container.Decl?.Element is { } decl
        ? new(CelRange.One, new CelRange(0, (ulong)decl.MaxElements), decl)
        : new(CelRange.One, container.ElementSize, null);

    private Part OptionalMap(OptionalMapNode optional)
    {
        var target = Visit(optional.Target);
        locals.Push((optional.Variable, target));
        var body = Visit(optional.Body);
        locals.Pop();
        return body with { Cost = target.Cost + body.Cost + CelRange.Fixed(13) };
    }

    /// <summary>The weights that calls need.</summary>
    internal static (double Traversal, double Regex) Weights => (Traversal, RegexLength);
}
