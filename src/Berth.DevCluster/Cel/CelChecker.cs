using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>Finds the static type of every part of an expression, and what is wrong with it.</summary>
internal sealed class CelChecker(CelEnvironment environment)
{
    private static readonly CelOverload And = Logical("_&&_"), Or = Logical("_||_");

    private static readonly CelOverload Conditional =
        new("_?_:_", false, [CelType.Bool, CelType.A, CelType.A], CelType.A, _ => CelValue.NoSuchOverload);

    private static readonly Dictionary<string, CelType> TypeNames = new(StringComparer.Ordinal)
    {
        ["bool"] = CelType.Bool,
        ["int"] = CelType.Int,
        ["uint"] = CelType.Uint,
        ["double"] = CelType.Double,
        ["string"] = CelType.String,
        ["bytes"] = CelType.Bytes,
        ["list"] = CelType.List(CelType.Dyn),
        ["map"] = CelType.Map(CelType.Dyn, CelType.Dyn),
        ["null_type"] = CelType.Null,
        ["type"] = CelType.TypeOf(CelType.Dyn),
        ["google.protobuf.Timestamp"] = CelType.Timestamp,
        ["google.protobuf.Duration"] = CelType.Duration,
        ["optional_type"] = CelType.Optional(CelType.Dyn),
        [CelQuantity.Name] = CelType.Opaque(CelQuantity.Name),
        [CelUrl.Name] = CelType.Opaque(CelUrl.Name),
        [CelAddress.Name] = CelType.Opaque(CelAddress.Name),
        [CelFormat.Name] = CelType.Opaque(CelFormat.Name),
        [CelNetwork.Name] = CelType.Opaque(CelNetwork.Name),
    };

    private readonly List<CelIssue> issues = [];
    private readonly Stack<(string Name, CelType Type)> locals = new();
    private int mixedAllowed;

    /// <summary>The variables of the environment that the expression names.</summary>
    public HashSet<string> Named { get; } = new(StringComparer.Ordinal);

    /// <summary>Checks a tree; the issues are empty when it is right.</summary>
    public IReadOnlyList<CelIssue> Check(CelNode node)
    {
        Visit(node);
        return issues;
    }

    /// <summary>The type that a name stands for; null when it stands for none.</summary>
    public static string? RuntimeTypeName(CelType type) => type.Kind switch
    {
        CelTypeKind.Null => "null_type",
        _ => type.Name,
    };

    private static CelOverload Logical(string name) => new(name, false, [CelType.Bool, CelType.Bool], CelType.Bool, _ => CelValue.NoSuchOverload);

    private CelType Visit(CelNode node) => node.Type = node switch
    {
        LiteralNode literal => TypeOf(literal.Value),
        IdentNode ident => Ident(ident),
        SelectNode select => Select(select),
        CallNode call => Call(call),
        ListNode list => List(list),
        MapNode map => Map(map),
        FoldNode fold => Fold(fold),
        OptionalMapNode optional => OptionalMap(optional),
        _ => Wrong(node.Offset, "unsupported expression"),
    };

    private CelType Wrong(int offset, string message)
    {
        issues.Add(new CelIssue(offset, message));
        return CelType.Error;
    }

    private static CelType TypeOf(CelValue value) => value.Kind switch
    {
        CelKind.Null => CelType.Null,
        CelKind.Bool => CelType.Bool,
        CelKind.Int => CelType.Int,
        CelKind.Uint => CelType.Uint,
        CelKind.Double => CelType.Double,
        CelKind.String => CelType.String,
        _ => CelType.Bytes,
    };

    private CelType Ident(IdentNode ident)
    {
        foreach (var (name, type) in locals)
        {
            if (name == ident.Name)
                return type;
        }
        if (environment.Find(ident.Name) is { } decl)
        {
            Named.Add(ident.Name);
            return decl.Type;
        }
        if (TypeNames.TryGetValue(ident.Name, out var named))
        {
            ident.TypeValue = named;
            return CelType.TypeOf(named);
        }
        return Undeclared(ident.Offset, ident.Name);
    }

    private CelType Undeclared(int offset, string name) => Wrong(offset, $"undeclared reference to '{name}' (in container '')");

    private CelType Select(SelectNode select)
    {
        if (!select.TestOnly && !select.Optional && Qualified(select) is { } path)
        {
            if (environment.Find(path) is { } decl)
            {
                select.Variable = path;
                Named.Add(path);
                return decl.Type;
            }
            if (TypeNames.TryGetValue(path, out var named))
            {
                select.Variable = path;
                return CelType.TypeOf(named);
            }
        }
        var operand = Visit(select.Operand);
        var optional = operand.Kind == CelTypeKind.Optional;
        var field = Field(select, optional ? operand.Element! : operand);
        if (select.TestOnly)
            return CelType.Bool;
        if (!optional && !select.Optional)
            return field;
        return field.Kind == CelTypeKind.Optional ? field : CelType.Optional(field);
    }

    /// <summary>The type that a qualified name stands for, where the checker said it does.</summary>
    public static CelType? TypeNamed(string path) => TypeNames.GetValueOrDefault(path);

    private CelType Field(SelectNode select, CelType operand)
    {
        switch (operand.Kind)
        {
            case CelTypeKind.Dyn or CelTypeKind.Error:
                return CelType.Dyn;
            case CelTypeKind.Map:
                return operand.Element!;
            case CelTypeKind.Object:
                return operand.Decl!.Fields.TryGetValue(select.Field, out var field)
                    ? field.Decl.Type
                    : Wrong(select.Offset, $"undefined field '{select.Field}'");
            default:
                return Wrong(select.Offset, $"type '{operand}' does not support field selection");
        }
    }

    /// <summary>The dotted name that a path of plain identifiers spells; null when a local variable starts it.</summary>
    private string? Qualified(CelNode node) => node switch
    {
        IdentNode ident => locals.Any(l => l.Name == ident.Name) ? null : ident.Name,
        SelectNode { TestOnly: false, Optional: false } select when Qualified(select.Operand) is { } prefix => $"{prefix}.{select.Field}",
        _ => null,
    };

    private CelType Call(CallNode call)
    {
        if (call.Target is { } target && Qualified(target) is { } path && environment.Functions.Has($"{path}.{call.Function}"))
        {
            call.Function = $"{path}.{call.Function}";
            call.Target = null;
        }
        // Only the arguments of format may be lists of mixed types.
        var mixed = call.Function == "format" ? 1 : 0;
        mixedAllowed += mixed;
        var args = call.Operands.Select(Visit).ToList();
        mixedAllowed -= mixed;
        IReadOnlyList<CelOverload> overloads = call.Function switch
        {
            "_&&_" => [And],
            "_||_" => [Or],
            "_?_:_" => [Conditional],
            "_==_" or "_!=_" => [new(call.Function, false, [CelType.A, CelType.A], CelType.Bool, _ => CelValue.NoSuchOverload)],
            _ => environment.Functions.Find(call.Function),
        };
        if (overloads.Count == 0)
            return Undeclared(call.Offset, call.Function);
        CelType? result = null;
        var fitting = new List<CelOverload>();
        foreach (var overload in overloads)
        {
            if (overload.Member != call.Target is not null || CelTypes.Apply(overload, args) is not { } type)
                continue;
            fitting.Add(overload);
            result = result is null || result.Equals(type) ? type : CelType.Dyn;
        }
        if (result is null)
            return Wrong(call.Offset, $"found no matching overload for '{call.Function}' applied to '{Signature(args, call.Target is not null)}'");
        call.Overloads = fitting;
        CheckLiteral(call);
        return result;
    }

    private static string Signature(List<CelType> args, bool member) => member
        ? $"{args[0]}.({string.Join(", ", args.Skip(1))})"
        : $"({string.Join(", ", args)})";

    /// <summary>Literals that can never work are refused at once.</summary>
    private void CheckLiteral(CallNode call)
    {
        if (call.Function == "timestamp" && call.Args is [LiteralNode { Value: { Kind: CelKind.Int, AsInt: var seconds } } number] && CelTime.Create(seconds, 0) is null)
            Wrong(number.Offset, "invalid timestamp argument");
        if (call.Args.Count == 0 || (call.Function == "findAll" ? call.Args[0] : call.Args[^1]) is not LiteralNode { Value: { Kind: CelKind.String, AsString: var text } } literal)
            return;
        var valid = call.Function switch
        {
            "matches" or "find" or "findAll" => GoRegex.TryCompile(text, out _, out _),
            "duration" => GoDuration.TryParse(text, out _),
            "timestamp" => CelTime.Parse(text) is not null,
            _ => true,
        };
        if (!valid)
            Wrong(literal.Offset, $"invalid {call.Function} argument");
    }

    private CelType List(ListNode list)
    {
        CelType? element = null;
        for (var i = 0; i < list.Items.Count; i++)
        {
            var type = Visit(list.Items[i]);
            if (list.Optional.Contains(i))
                type = type.Kind == CelTypeKind.Optional ? type.Element! : type.Kind == CelTypeKind.Dyn ? type
                    : Wrong(list.Items[i].Offset, $"expected type 'optional_type({type})' but found '{type}'");
            element = Same(element, type, list.Items[i].Offset);
        }
        return CelType.List(element ?? CelType.Dyn);
    }

    private CelType Map(MapNode map)
    {
        CelType? key = null;
        CelType? value = null;
        foreach (var entry in map.Entries)
        {
            key = Same(key, Visit(entry.Key), entry.Key.Offset);
            var type = Visit(entry.Value);
            if (entry.Optional)
                type = type.Kind == CelTypeKind.Optional ? type.Element! : type;
            value = Same(value, type, entry.Value.Offset);
        }
        return CelType.Map(key ?? CelType.Dyn, value ?? CelType.Dyn);
    }

    /// <summary>The type that all values of a literal have so far.</summary>
    private CelType Same(CelType? known, CelType type, int offset)
    {
        if (known is null)
            return type;
        if (CelTypes.Join(known, type) is { } joined)
            return joined;
        return mixedAllowed > 0 ? CelType.Dyn : Wrong(offset, $"expected type '{known}' but found '{type}'");
    }

    private CelType Fold(FoldNode fold)
    {
        var range = Visit(fold.Range);
        var (key, value) = range.Kind switch
        {
            CelTypeKind.List => (CelType.Int, range.Element!),
            CelTypeKind.Map => (range.Key!, range.Element!),
            CelTypeKind.Dyn or CelTypeKind.Error => (CelType.Dyn, CelType.Dyn),
            _ => (Wrong(fold.Range.Offset, $"expression of type '{range}' cannot be range of a comprehension (must be list, map, or dynamic)"), CelType.Dyn),
        };
        var pushed = 1;
        if (fold.Second is { } second)
        {
            locals.Push((second, value));
            locals.Push((fold.Variable, key));
            pushed = 2;
        }
        else
        {
            locals.Push((fold.Variable, range.Kind == CelTypeKind.Map ? key : value));
        }
        var variable = locals.Peek().Type;
        if (fold.Condition is { } condition)
            MustBeBool(fold, condition);
        var transformed = fold.Transform is { } transform ? Visit(transform) : CelType.Dyn;
        for (; pushed > 0; pushed--)
            locals.Pop();
        return fold.Kind switch
        {
            FoldKind.Map or FoldKind.TransformList => CelType.List(transformed),
            FoldKind.TransformMap => CelType.Map(key, transformed),
            FoldKind.Filter => CelType.List(variable),
            _ => CelType.Bool,
        };
    }

    private void MustBeBool(FoldNode fold, CelNode condition)
    {
        var type = Visit(condition);
        if (type.Kind == CelTypeKind.Bool || CelTypes.IsDynamic(type))
            return;
        // The macro stands for an operator on its running result, and the error is that operator's.
        _ = fold.Kind switch
        {
            FoldKind.All => Wrong(fold.Offset, $"found no matching overload for '_&&_' applied to '(bool, {type})'"),
            FoldKind.Exists => Wrong(fold.Offset, $"found no matching overload for '_||_' applied to '(bool, {type})'"),
            FoldKind.ExistsOne => Wrong(fold.Offset, $"found no matching overload for '_?_:_' applied to '({type}, int, int)'"),
            _ => Wrong(fold.Offset, $"found no matching overload for '_?_:_' applied to '({type}, list(dyn), list(dyn))'"),
        };
    }

    private CelType OptionalMap(OptionalMapNode optional)
    {
        var target = Visit(optional.Target);
        if (target.Kind != CelTypeKind.Optional && !CelTypes.IsDynamic(target))
            return Wrong(optional.Offset, $"found no matching overload for 'hasValue' applied to '{target}.()'");
        locals.Push((optional.Variable, target.Element ?? CelType.Dyn));
        var body = Visit(optional.Body);
        locals.Pop();
        if (!optional.Flat)
            return CelType.Optional(body);
        return body.Kind == CelTypeKind.Optional || CelTypes.IsDynamic(body)
            ? body
            : Wrong(optional.Offset, $"found no matching overload for '_?_:_' applied to '(bool, {body}, optional_type(dyn))'");
    }
}
