namespace Berth.DevCluster.Cel;

/// <summary>Calls of functions: the overload is chosen by the values, among those that the types left.</summary>
internal static class CelCalls
{
    public static CelStep Compile(CallNode call, CelStep[] args)
    {
        var overloads = call.Overloads.ToArray();
        return args.Length switch
        {
            0 => frame => Run(overloads, [], frame),
            1 => One(overloads, args[0]),
            2 => Two(overloads, args[0], args[1]),
            _ => Many(overloads, args),
        };
    }

    private static CelStep One(CelOverload[] overloads, CelStep first) => frame =>
    {
        var value = first(frame);
        return value.IsError ? value : Run(overloads, [value], frame);
    };

    private static CelStep Two(CelOverload[] overloads, CelStep first, CelStep second) => frame =>
    {
        var a = first(frame);
        if (a.IsError)
            return a;
        var b = second(frame);
        return b.IsError ? b : Run(overloads, [a, b], frame);
    };

    private static CelStep Many(CelOverload[] overloads, CelStep[] args) => frame =>
    {
        var values = new CelValue[args.Length];
        for (var i = 0; i < args.Length; i++)
        {
            values[i] = args[i](frame);
            if (values[i].IsError)
                return values[i];
        }
        return Run(overloads, values, frame);
    };

    private static CelValue Run(CelOverload[] overloads, ReadOnlySpan<CelValue> values, CelFrame frame)
    {
        frame.Charge(1);
        foreach (var value in values)
        {
            // Long strings cost as much as is read of them.
            if (value.Kind == CelKind.String && value.AsString.Length > 10)
                frame.Charge(value.AsString.Length / 10);
            else if (value.Kind == CelKind.List)
                frame.Charge(value.AsList.Count / 10);
        }
        if (frame.Exceeded)
            return CelValue.Error(CelProgram.CostExceeded);
        foreach (var overload in overloads)
        {
            if (overload.Accepts(values))
                return overload.Run(values);
        }
        return CelValue.NoSuchOverload;
    }
}
