namespace Berth.DevCluster.Cel;

/// <summary>How types relate: what may be passed where, and what a signature's result is.</summary>
internal static class CelTypes
{
    /// <summary>The result of an overload for arguments of given types; null when they do not fit.</summary>
    public static CelType? Apply(CelOverload overload, IReadOnlyList<CelType> args)
    {
        if (args.Count != overload.Parameters.Length)
            return null;
        var bindings = new Bindings();
        for (var i = 0; i < args.Count; i++)
        {
            if (!Assignable(overload.Parameters[i], args[i], bindings))
                return null;
        }
        return Substitute(overload.Result, bindings);
    }

    /// <summary>Whether a value of one type may stand where another is expected.</summary>
    public static bool Assignable(CelType expected, CelType actual) => Assignable(expected, actual, new Bindings());

    /// <summary>The type of values that may be of either; null when nothing but dyn would do.</summary>
    public static CelType? Join(CelType a, CelType b)
    {
        if (a.Kind == CelTypeKind.Dyn || b.Kind == CelTypeKind.Dyn)
            return CelType.Dyn;
        if (Assignable(a, b))
            return a;
        return Assignable(b, a) ? b : null;
    }

    /// <summary>Whether a type leaves part of itself to run time.</summary>
    public static bool IsDynamic(CelType type) => type.Kind is CelTypeKind.Dyn or CelTypeKind.Error;

    private sealed class Bindings
    {
        public CelType? A;
        public CelType? B;
    }

    private static bool Assignable(CelType expected, CelType actual, Bindings bindings)
    {
        if (expected.Kind == CelTypeKind.Parameter)
            return Bind(expected.Name, actual, bindings);
        if (IsDynamic(expected) || IsDynamic(actual))
            return true;
        if (actual.Kind == CelTypeKind.Null && expected.Kind is CelTypeKind.Object or CelTypeKind.Duration or CelTypeKind.Timestamp or CelTypeKind.Opaque)
            return true;
        if (expected.Kind != actual.Kind)
            return false;
        return expected.Kind switch
        {
            CelTypeKind.Object => ReferenceEquals(expected.Decl, actual.Decl),
            CelTypeKind.Opaque => expected.Name == actual.Name,
            CelTypeKind.List or CelTypeKind.Optional => Assignable(expected.Element!, actual.Element!, bindings),
            CelTypeKind.Map => Assignable(expected.Key!, actual.Key!, bindings) && Assignable(expected.Element!, actual.Element!, bindings),
            CelTypeKind.Type => true,
            _ => true,
        };
    }

    private static bool Bind(string parameter, CelType actual, Bindings bindings)
    {
        ref var bound = ref parameter == "A" ? ref bindings.A : ref bindings.B;
        if (bound is null)
        {
            bound = actual;
            return true;
        }
        if (IsDynamic(bound) || Assignable(bound, actual))
            return true;
        if (!Assignable(actual, bound))
            return false;
        bound = actual;
        return true;
    }

    private static CelType Substitute(CelType type, Bindings bindings) => type.Kind switch
    {
        CelTypeKind.Parameter => (type.Name == "A" ? bindings.A : bindings.B) ?? CelType.Dyn,
        CelTypeKind.List or CelTypeKind.Optional or CelTypeKind.Type when type.Element is { } element =>
            type with { Element = Substitute(element, bindings) },
        CelTypeKind.Map => type with { Key = Substitute(type.Key!, bindings), Element = Substitute(type.Element!, bindings) },
        _ => type,
    };
}
