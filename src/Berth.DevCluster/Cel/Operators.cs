namespace Berth.DevCluster.Cel;

/// <summary>Arithmetic, indexing and membership.</summary>
internal static class Operators
{
    private static readonly CelValue IntOverflow = CelValue.Error("integer overflow");
    private static readonly CelValue UintOverflow = CelValue.Error("unsigned integer overflow");
    private static readonly CelValue DurationOverflow = CelValue.Error("duration overflow");
    private static readonly CelValue TimestampOverflow = CelValue.Error("timestamp overflow");
    private static readonly CelValue DivisionByZero = CelValue.Error("division by zero");
    private static readonly CelValue ModulusByZero = CelValue.Error("modulus by zero");

    public static void Register(CelLibrary library)
    {
        Integers(library);
        Others(library);
        Times(library);
        Containers(library);
    }

    private static void Integers(CelLibrary library)
    {
        CelType[] ints = [CelType.Int, CelType.Int], uints = [CelType.Uint, CelType.Uint];
        library.Global("_+_", ints, CelType.Int, a => Overflowing((Int128)a[0].AsInt + a[1].AsInt));
        library.Global("_-_", ints, CelType.Int, a => Overflowing((Int128)a[0].AsInt - a[1].AsInt));
        library.Global("_*_", ints, CelType.Int, a => Overflowing((Int128)a[0].AsInt * a[1].AsInt));
        library.Global("_/_", ints, CelType.Int, a => a[1].AsInt == 0 ? DivisionByZero : Overflowing((Int128)a[0].AsInt / a[1].AsInt));
        library.Global("_%_", ints, CelType.Int, a => a[1].AsInt == 0 ? ModulusByZero
            : a[0].AsInt == long.MinValue && a[1].AsInt == -1 ? IntOverflow : CelValue.Of(a[0].AsInt % a[1].AsInt));
        library.Global("-_", [CelType.Int], CelType.Int, a => Overflowing(-(Int128)a[0].AsInt));
        library.Global("_+_", uints, CelType.Uint, a => OverflowingUnsigned((Int128)a[0].AsUint + a[1].AsUint));
        library.Global("_-_", uints, CelType.Uint, a => OverflowingUnsigned((Int128)a[0].AsUint - a[1].AsUint));
        library.Global("_*_", uints, CelType.Uint, a => (UInt128)a[0].AsUint * a[1].AsUint is var product && product <= ulong.MaxValue
            ? CelValue.Of((ulong)product) : UintOverflow);
        library.Global("_/_", uints, CelType.Uint, a => a[1].AsUint == 0 ? DivisionByZero : CelValue.Of(a[0].AsUint / a[1].AsUint));
        library.Global("_%_", uints, CelType.Uint, a => a[1].AsUint == 0 ? ModulusByZero : CelValue.Of(a[0].AsUint % a[1].AsUint));
    }

    private static void Others(CelLibrary library)
    {
        CelType[] doubles = [CelType.Double, CelType.Double];
        library.Global("_+_", doubles, CelType.Double, a => CelValue.Of(a[0].AsDouble + a[1].AsDouble));
        library.Global("_-_", doubles, CelType.Double, a => CelValue.Of(a[0].AsDouble - a[1].AsDouble));
        library.Global("_*_", doubles, CelType.Double, a => CelValue.Of(a[0].AsDouble * a[1].AsDouble));
        library.Global("_/_", doubles, CelType.Double, a => CelValue.Of(a[0].AsDouble / a[1].AsDouble));
        library.Global("-_", [CelType.Double], CelType.Double, a => CelValue.Of(-a[0].AsDouble));
        library.Global("!_", [CelType.Bool], CelType.Bool, a => CelValue.Of(a[0].IsFalse));
        library.Global("_+_", [CelType.String, CelType.String], CelType.String, a => CelValue.Of(a[0].AsString + a[1].AsString));
        library.Global("_+_", [CelType.Bytes, CelType.Bytes], CelType.Bytes, a => CelValue.Of([.. a[0].AsBytes, .. a[1].AsBytes]));
    }

    private static void Times(CelLibrary library)
    {
        CelType time = CelType.Timestamp, span = CelType.Duration;
        library.Global("_+_", [span, span], span, a => OverflowingDuration((Int128)a[0].AsDuration + a[1].AsDuration));
        library.Global("_-_", [span, span], span, a => OverflowingDuration((Int128)a[0].AsDuration - a[1].AsDuration));
        library.Global("_+_", [time, span], time, a => Moment(a[0].AsTime.Add(a[1].AsDuration)));
        library.Global("_+_", [span, time], time, a => Moment(a[1].AsTime.Add(a[0].AsDuration)));
        library.Global("_-_", [time, span], time, a => a[1].AsDuration == long.MinValue ? TimestampOverflow : Moment(a[0].AsTime.Add(-a[1].AsDuration)));
        library.Global("_-_", [time, time], span, a => a[0].AsTime.Since(a[1].AsTime) is { } since ? CelValue.Duration(since) : DurationOverflow);
        library.Global("-_", [span], span, a => OverflowingDuration(-(Int128)a[0].AsDuration));
    }

    private static void Containers(CelLibrary library)
    {
        CelType list = CelType.List(CelType.A), map = CelType.Map(CelType.A, CelType.B);
        library.Global("_+_", [list, list], list, a => CelValue.Of(ListMerge.Add(a[0].AsList, a[1].AsList)));
        library.Global("_[_]", [list, CelType.Int], CelType.A, a => Item(a[0].AsList, a[1]));
        library.Global("_[_]", [map, CelType.A], CelType.B, a => a[0].AsMap.Find(a[1]) ?? CelValue.Error("no such key: " + a[1]));
        library.Global("@in", [CelType.A, list], CelType.Bool, a => CelValue.Of(Contains(a[1].AsList, a[0])));
        library.Global("@in", [CelType.A, map], CelType.Bool, a => CelValue.Of(a[1].AsMap.Find(a[0]) is not null));
        library.Global("_[?_]", [list, CelType.Int], CelType.Optional(CelType.A), a => OptionalItem(a[0], a[1]));
        library.Global("_[?_]", [map, CelType.A], CelType.Optional(CelType.B), a => OptionalItem(a[0], a[1]));
        library.Global("_[?_]", [CelType.Optional(list), CelType.Int], CelType.Optional(CelType.A), a => OfOptional(a[0], a[1]));
        library.Global("_[?_]", [CelType.Optional(map), CelType.A], CelType.Optional(CelType.B), a => OfOptional(a[0], a[1]));
        library.Global("_[_]", [CelType.Optional(list), CelType.Int], CelType.Optional(CelType.A), a => OfOptional(a[0], a[1]));
        library.Global("_[_]", [CelType.Optional(map), CelType.A], CelType.Optional(CelType.B), a => OfOptional(a[0], a[1]));
    }

    private static bool Contains(CelList list, CelValue wanted)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (CelEquality.Equal(list[i], wanted))
                return true;
        }
        return false;
    }

    private static CelValue Item(CelList list, CelValue index) => index.AsInt >= 0 && index.AsInt < list.Count
        ? list[(int)index.AsInt]
        : CelValue.Error("index out of bounds: " + index);

    private static CelValue OfOptional(CelValue optional, CelValue index) =>
        optional.HasValue ? OptionalItem(optional.OptionalValue, index) : CelValue.None;

    private static CelValue OptionalItem(CelValue container, CelValue index)
    {
        if (container.Kind == CelKind.Map)
            return container.AsMap.Find(index) is { } found ? CelValue.Some(found) : CelValue.None;
        if (container.Kind != CelKind.List || index.Kind != CelKind.Int)
            return CelValue.NoSuchOverload;
        var list = container.AsList;
        return index.AsInt >= 0 && index.AsInt < list.Count ? CelValue.Some(list[(int)index.AsInt]) : CelValue.None;
    }

    private static CelValue Overflowing(Int128 result) =>
        result < long.MinValue || result > long.MaxValue ? IntOverflow : CelValue.Of((long)result);

    private static CelValue OverflowingUnsigned(Int128 result) =>
        result < 0 || result > ulong.MaxValue ? UintOverflow : CelValue.Of((ulong)result);

    private static CelValue OverflowingDuration(Int128 result) =>
        result < long.MinValue || result > long.MaxValue ? DurationOverflow : CelValue.Duration((long)result);

    private static CelValue Moment(CelTime? time) => time is null ? TimestampOverflow : CelValue.Of(time);
}
