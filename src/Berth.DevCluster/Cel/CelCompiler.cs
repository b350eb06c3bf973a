namespace Berth.DevCluster.Cel;

/// <summary>Turns a checked tree into closures.</summary>
internal sealed class CelCompiler(CelEnvironment environment)
{
    private readonly Stack<(string Name, int Slot)> locals = new();

    /// <summary>How many values a frame must have room for.</summary>
    public int SlotCount { get; private set; } = environment.Variables.Count;

    public CelStep Compile(CelNode node) => node switch
    {
        LiteralNode literal => Literal(literal.Value),
        IdentNode ident => Ident(ident),
        SelectNode select => Select(select),
        CallNode call => Call(call),
        ListNode list => List(list),
        MapNode map => Map(map),
        FoldNode fold => Fold(fold),
        OptionalMapNode optional => OptionalMap(optional),
        _ => throw new InvalidOperationException($"no such node: {node.GetType().Name}"),
    };

    private static CelStep Literal(CelValue value) => _ => value;

    private CelStep Ident(IdentNode ident)
    {
        if (ident.TypeValue is { } type)
            return Literal(CelValue.TypeNamed(CelChecker.RuntimeTypeName(type) ?? ident.Name));
        foreach (var (name, slot) in locals)
        {
            if (name == ident.Name)
                return Slot(slot);
        }
        return Slot(environment.Slot(ident.Name));
    }

    private static CelStep Slot(int slot) => frame =>
    {
        frame.Charge(1);
        return frame.Slots[slot];
    };

    private CelStep Select(SelectNode select)
    {
        if (select.Variable is { } variable)
        {
            return CelChecker.TypeNamed(variable) is { } type
                ? Literal(CelValue.TypeNamed(CelChecker.RuntimeTypeName(type) ?? variable))
                : Slot(environment.Slot(variable));
        }
        var operand = Compile(select.Operand);
        var name = select.Field;
        if (select.TestOnly)
            return frame => CelSelection.Test(operand(frame), name);
        if (select.Optional)
            return frame => CelSelection.Optional(operand(frame), name, frame);
        return frame => CelSelection.Field(operand(frame), name, frame);
    }

    private CelStep Call(CallNode call)
    {
        var args = call.Operands.Select(Compile).ToArray();
        switch (call.Function)
        {
            case "_&&_": return CelLogic.And(args[0], args[1]);
            case "_||_": return CelLogic.Or(args[0], args[1]);
            case "_?_:_": return CelLogic.Conditional(args[0], args[1], args[2]);
            case "_==_": return CelLogic.Equality(args[0], args[1], equal: true);
            case "_!=_": return CelLogic.Equality(args[0], args[1], equal: false);
            default: return CelCalls.Compile(call, args);
        }
    }

    private CelStep List(ListNode list)
    {
        var items = list.Items.Select(Compile).ToArray();
        var optional = list.Optional;
        return frame =>
        {
            frame.Charge(10);
            var values = new List<CelValue>(items.Length);
            for (var i = 0; i < items.Length; i++)
            {
                var value = items[i](frame);
                if (value.IsError)
                    return value;
                if (!optional.Contains(i))
                    values.Add(value);
                else if (value.Kind != CelKind.Optional)
                    return CelValue.NoSuchOverload;
                else if (value.HasValue)
                    values.Add(value.OptionalValue);
            }
            return CelValue.Of(CelList.Of(values));
        };
    }

    private CelStep Map(MapNode map)
    {
        var entries = map.Entries.Select(e => (Key: Compile(e.Key), Value: Compile(e.Value), e.Optional)).ToArray();
        return frame =>
        {
            frame.Charge(30);
            var values = new List<KeyValuePair<CelValue, CelValue>>(entries.Length);
            foreach (var (keyStep, valueStep, optional) in entries)
            {
                var key = keyStep(frame);
                var value = valueStep(frame);
                if (key.IsError || value.IsError)
                    return key.IsError ? key : value;
                if (values.Exists(v => CelEquality.Equal(v.Key, key)))
                    return CelValue.Error($"Failed with repeated key: {key}");
                if (optional && value.Kind != CelKind.Optional)
                    return CelValue.NoSuchOverload;
                if (!optional)
                    values.Add(KeyValuePair.Create(key, value));
                else if (value.HasValue)
                    values.Add(KeyValuePair.Create(key, value.OptionalValue));
            }
            return CelValue.Of(CelMap.Of(values));
        };
    }

    private CelStep Fold(FoldNode fold)
    {
        var range = Compile(fold.Range);
        var first = Declare(fold.Variable);
        var second = fold.Second is { } name ? Declare(name) : -1;
        var condition = fold.Condition is { } test ? Compile(test) : null;
        var transform = fold.Transform is { } made ? Compile(made) : null;
        locals.Pop();
        if (second >= 0)
            locals.Pop();
        return new CelFold(fold.Kind, range, first, second, condition, transform).Run;
    }

    private CelStep OptionalMap(OptionalMapNode optional)
    {
        var target = Compile(optional.Target);
        var slot = Declare(optional.Variable);
        var body = Compile(optional.Body);
        locals.Pop();
        return frame =>
        {
            var value = target(frame);
            if (value.IsError || value.Kind != CelKind.Optional)
                return value.IsError ? value : CelValue.NoSuchOverload;
            if (!value.HasValue)
                return CelValue.None;
            frame.Slots[slot] = value.OptionalValue;
            var result = body(frame);
            return optional.Flat || result.IsError ? result : CelValue.Some(result);
        };
    }

    private int Declare(string name)
    {
        var slot = SlotCount++;
        locals.Push((name, slot));
        return slot;
    }
}
