namespace Berth.DevCluster.Cel;

/// <summary>What a function does with arguments that are no errors.</summary>
internal delegate CelValue CelImplementation(ReadOnlySpan<CelValue> args);

/// <summary>One signature of a function. A member's first parameter is its target.</summary>
internal sealed record CelOverload(string Function, bool Member, CelType[] Parameters, CelType Result, CelImplementation Run)
{
    /// <summary>Whether values, whose static types may have been unknown, fit the parameters.</summary>
    public bool Accepts(ReadOnlySpan<CelValue> args)
    {
        if (args.Length != Parameters.Length)
            return false;
        for (var i = 0; i < args.Length; i++)
        {
            if (!Fits(Parameters[i], args[i]))
                return false;
        }
        return true;
    }

    private static bool Fits(CelType type, CelValue value) => type.Kind switch
    {
        CelTypeKind.Dyn or CelTypeKind.Parameter => true,
        CelTypeKind.Null => value.Kind == CelKind.Null,
        CelTypeKind.Bool => value.Kind == CelKind.Bool,
        CelTypeKind.Int => value.Kind == CelKind.Int,
        CelTypeKind.Uint => value.Kind == CelKind.Uint,
        CelTypeKind.Double => value.Kind == CelKind.Double,
        CelTypeKind.String => value.Kind == CelKind.String,
        CelTypeKind.Bytes => value.Kind == CelKind.Bytes,
        CelTypeKind.Duration => value.Kind == CelKind.Duration,
        CelTypeKind.Timestamp => value.Kind == CelKind.Timestamp,
        CelTypeKind.List => value.Kind == CelKind.List,
        CelTypeKind.Map or CelTypeKind.Object => value.Kind == CelKind.Map,
        CelTypeKind.Type => value.Kind == CelKind.Type,
        CelTypeKind.Optional => value.Kind == CelKind.Optional,
        CelTypeKind.Opaque => value.Kind == CelKind.Opaque && value.TypeName == type.Name,
        _ => false,
    };
}
