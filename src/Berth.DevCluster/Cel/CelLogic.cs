namespace Berth.DevCluster.Cel;

/// <summary>The operators that do not need all of their operands to be values.</summary>
internal static class CelLogic
{
    /// <summary>False if either side is false, even if the other is an error.</summary>
    public static CelStep And(CelStep left, CelStep right) => frame =>
    {
        var a = left(frame);
        if (a.IsFalse)
            return a;
        var b = right(frame);
        return b.IsFalse ? b : Both(a, b, CelValue.True);
    };

    /// <summary>True if either side is true, even if the other is an error.</summary>
    public static CelStep Or(CelStep left, CelStep right) => frame =>
    {
        var a = left(frame);
        if (a.IsTrue)
            return a;
        var b = right(frame);
        return b.IsTrue ? b : Both(a, b, CelValue.False);
    };

    public static CelStep Conditional(CelStep condition, CelStep whenTrue, CelStep whenFalse) => frame =>
    {
        var chosen = condition(frame);
        if (chosen.Kind == CelKind.Bool)
            return chosen.IsTrue ? whenTrue(frame) : whenFalse(frame);
        return chosen.IsError ? chosen : CelValue.NoSuchOverload;
    };

    public static CelStep Equality(CelStep left, CelStep right, bool equal) => frame =>
    {
        frame.Charge(1);
        var a = left(frame);
        if (a.IsError)
            return a;
        var b = right(frame);
        return b.IsError ? b : CelValue.Of(CelEquality.Equal(a, b) == equal);
    };

    /// <summary>The result where neither side decides: the common value, else the first error.</summary>
    public static CelValue Both(CelValue a, CelValue b, CelValue common)
    {
        if (a.Kind == CelKind.Bool && b.Kind == CelKind.Bool)
            return common;
        if (a.IsError)
            return a;
        return b.IsError ? b : CelValue.NoSuchOverload;
    }
}
