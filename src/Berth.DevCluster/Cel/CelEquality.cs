using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>Equality and order of values; numbers of different kinds compare by value.</summary>
internal static class CelEquality
{
    public static bool Equal(CelValue a, CelValue b)
    {
        if (a.IsNumber && b.IsNumber)
            return CompareNumbers(a, b) == 0;
        if (a.Kind != b.Kind)
            return false;
        return a.Kind switch
        {
            CelKind.Null => true,
            CelKind.Bool or CelKind.Duration => a.AsInt == b.AsInt,
            CelKind.String or CelKind.Type => string.Equals(a.AsString, b.AsString, StringComparison.Ordinal),
            CelKind.Bytes => a.AsBytes.AsSpan().SequenceEqual(b.AsBytes),
            CelKind.Timestamp => a.AsTime.CompareTo(b.AsTime) == 0,
            CelKind.List => ListsEqual(a.AsList, b.AsList),
            CelKind.Map => MapsEqual(a.AsMap, b.AsMap),
            CelKind.Optional => a.HasValue == b.HasValue && (!a.HasValue || Equal(a.OptionalValue, b.OptionalValue)),
            CelKind.Opaque => a.AsOpaque is ICelOpaque left && b.AsOpaque is ICelOpaque right && left.TypeName == right.TypeName && left.SameAs(right),
            _ => false,
        };
    }

    /// <summary>The order of two values; null when they have none (different kinds, NaN).</summary>
    public static int? Compare(CelValue a, CelValue b)
    {
        if (a.IsNumber && b.IsNumber)
            return CompareNumbers(a, b);
        if (a.Kind != b.Kind)
            return null;
        return a.Kind switch
        {
            CelKind.Bool or CelKind.Duration => a.AsInt.CompareTo(b.AsInt),
            CelKind.String => string.CompareOrdinal(a.AsString, b.AsString),
            CelKind.Bytes => a.AsBytes.AsSpan().SequenceCompareTo(b.AsBytes),
            CelKind.Timestamp => a.AsTime.CompareTo(b.AsTime),
            _ => null,
        };
    }

    private static int? CompareNumbers(CelValue a, CelValue b)
    {
        if (a.Kind == b.Kind && a.Kind != CelKind.Double)
            return a.Kind == CelKind.Int ? a.AsInt.CompareTo(b.AsInt) : a.AsUint.CompareTo(b.AsUint);
        if (a.Kind == CelKind.Double || b.Kind == CelKind.Double)
        {
            var (left, right) = (a.ToDouble(), b.ToDouble());
            return double.IsNaN(left) || double.IsNaN(right) ? null : left.CompareTo(right);
        }
        if (a.Kind == CelKind.Int)
            return a.AsInt < 0 ? -1 : ((ulong)a.AsInt).CompareTo(b.AsUint);
        return b.AsInt < 0 ? 1 : a.AsUint.CompareTo((ulong)b.AsInt);
    }

    private static bool ListsEqual(CelList a, CelList b)
    {
        if (a.Count != b.Count)
            return false;
        var schema = a.Schema ?? b.Schema;
        if (schema?.ListType == "set")
            return a.All(x => b.Any(y => Equal(x, y)));
        if (schema?.ListType == "map")
            return a.All(x => b.Any(y => ListMerge.SameKeys(x, y, schema) && Equal(x, y)));
        for (var i = 0; i < a.Count; i++)
        {
            if (!Equal(a[i], b[i]))
                return false;
        }
        return true;
    }

    private static bool MapsEqual(CelMap a, CelMap b)
    {
        if (a.Count != b.Count)
            return false;
        foreach (var key in a.Keys)
        {
            if (a.Find(key) is not { } left || b.Find(key) is not { } right || !Equal(left, right))
                return false;
        }
        return true;
    }
}
