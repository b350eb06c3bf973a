namespace Berth.DevCluster.Cel;

/// <summary>Functions that make and open optionals.</summary>
internal static class OptionalFunctions
{
    public static void Register(CelLibrary library)
    {
        var optional = CelType.Optional(CelType.A);
        library.Global("optional.of", [CelType.A], optional, a => CelValue.Some(a[0]));
        library.Global("optional.none", [], optional, _ => CelValue.None);
        library.Global("optional.ofNonZeroValue", [CelType.A], optional, a => IsZero(a[0]) ? CelValue.None : CelValue.Some(a[0]));
        library.Member("hasValue", [optional], CelType.Bool, a => CelValue.Of(a[0].HasValue));
        library.Member("value", [optional], CelType.A, a => a[0].HasValue ? a[0].OptionalValue : CelValue.Error("optional.none() dereference"));
        library.Member("orValue", [optional, CelType.A], CelType.A, a => a[0].HasValue ? a[0].OptionalValue : a[1]);
        library.Member("or", [optional, optional], optional, a => a[0].HasValue ? a[0] : a[1]);
    }

    private static bool IsZero(CelValue value) => value.Kind switch
    {
        CelKind.Null => true,
        CelKind.Bool or CelKind.Int or CelKind.Uint or CelKind.Duration => value.AsInt == 0,
        CelKind.Double => value.AsDouble == 0,
        CelKind.String => value.AsString.Length == 0,
        CelKind.Bytes => value.AsBytes.Length == 0,
        CelKind.List => value.AsList.Count == 0,
        CelKind.Map => value.AsMap.Count == 0,
        CelKind.Timestamp => value.AsTime.CompareTo(new CelTime(-62135596800, 0)) == 0,
        CelKind.Optional => !value.HasValue,
        _ => false,
    };
}
