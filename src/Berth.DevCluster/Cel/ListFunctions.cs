namespace Berth.DevCluster.Cel;

/// <summary>Functions of lists and sets.</summary>
internal static class ListFunctions
{
    private static readonly CelType[] Comparable =
        [CelType.Int, CelType.Uint, CelType.Double, CelType.Bool, CelType.Duration, CelType.Timestamp, CelType.String, CelType.Bytes];

    private static readonly CelType Any = CelType.List(CelType.A);

    public static void Register(CelLibrary library)
    {
        foreach (var type in Comparable)
        {
            var list = CelType.List(type);
            library.Member("isSorted", [list], CelType.Bool, a => IsSorted(a[0].AsList));
            library.Member("min", [list], type, a => Extreme(a[0].AsList, "min", c => c < 0));
            library.Member("max", [list], type, a => Extreme(a[0].AsList, "max", c => c > 0));
            library.Member("sort", [list], list, a => Sort(a[0].AsList, a[0].AsList));
            library.Member("@sortByKeys", [Any, list], Any, a => Sort(a[0].AsList, a[1].AsList));
        }
        (CelType Type, CelValue Zero)[] summable =
            [(CelType.Int, CelValue.Of(0L)), (CelType.Uint, CelValue.Of(0UL)), (CelType.Double, CelValue.Of(0.0)), (CelType.Duration, CelValue.Duration(0))];
        foreach (var (type, zero) in summable)
            library.Member("sum", [CelType.List(type)], type, a => Sum(library, a[0].AsList, zero));
        library.Member("indexOf", [Any, CelType.A], CelType.Int, a => IndexOf(a[0].AsList, a[1], last: false));
        library.Member("lastIndexOf", [Any, CelType.A], CelType.Int, a => IndexOf(a[0].AsList, a[1], last: true));
        library.Member("distinct", [Any], Any, a => Distinct(a[0].AsList));
        library.Member("reverse", [Any], Any, a => CelValue.Of(CelList.Of([.. a[0].AsList.Reverse()])));
        library.Member("slice", [Any, CelType.Int, CelType.Int], Any, a => Slice(a[0].AsList, a[1].AsInt, a[2].AsInt));
        library.Global("lists.range", [CelType.Int], CelType.List(CelType.Int), a => Range(a[0].AsInt));
        library.Member("flatten", [CelType.List(Any)], Any, a => CelValue.Of(CelList.Of(
            [.. a[0].AsList.SelectMany(i => i.Kind == CelKind.List ? i.AsList : (IEnumerable<CelValue>)[i])])));
        library.Global("sets.contains", [Any, Any], CelType.Bool, a => CelValue.Of(ContainsAll(a[0].AsList, a[1].AsList)));
        library.Global("sets.equivalent", [Any, Any], CelType.Bool, a =>
            CelValue.Of(ContainsAll(a[0].AsList, a[1].AsList) && ContainsAll(a[1].AsList, a[0].AsList)));
        library.Global("sets.intersects", [Any, Any], CelType.Bool, a => Intersects(a[0].AsList, a[1].AsList));
    }

    private static bool Has(CelList list, CelValue wanted) => list.Any(i => CelEquality.Equal(i, wanted));

    private static bool ContainsAll(CelList list, CelList wanted) => wanted.All(w => Has(list, w));

    private static CelValue Intersects(CelList a, CelList b) => CelValue.Of(b.Any(w => Has(a, w)));

    private static CelValue IsSorted(CelList list)
    {
        for (var i = 1; i < list.Count; i++)
        {
            if (CelEquality.Compare(list[i - 1], list[i]) is not { } order)
                return CelValue.NoSuchOverload;
            if (order > 0)
                return CelValue.False;
        }
        return CelValue.True;
    }

    private static CelValue Extreme(CelList list, string name, Func<int, bool> better)
    {
        if (list.Count == 0)
            return CelValue.Error($"{name} called on empty list");
        var best = list[0];
        for (var i = 1; i < list.Count; i++)
        {
            if (CelEquality.Compare(list[i], best) is not { } order)
                return CelValue.NoSuchOverload;
            if (better(order))
                best = list[i];
        }
        return best;
    }

    /// <summary>The items in the order of their keys; items with equal keys keep their order.</summary>
    private static CelValue Sort(CelList list, CelList keys)
    {
        if (keys.Any(k => k.Kind != keys[0].Kind || CelEquality.Compare(k, k) is null))
            return CelValue.Error("list elements must have the same type");
        var order = Enumerable.Range(0, list.Count).OrderBy(i => keys[i], Comparer<CelValue>.Create((a, b) => CelEquality.Compare(a, b) ?? 0));
        return CelValue.Of(CelList.Of([.. order.Select(i => list[i])]));
    }

    /// <summary>The sum; of an empty list the zero of its type, otherwise in the type of its first item.</summary>
    private static CelValue Sum(CelLibrary library, CelList list, CelValue zero)
    {
        if (list.Count == 0)
            return zero;
        var sum = list[0];
        for (var i = 1; i < list.Count && !sum.IsError; i++)
        {
            CelValue[] pair = [sum, list[i]];
            sum = library.Find("_+_").FirstOrDefault(o => o.Accepts(pair))?.Run(pair) ?? CelValue.NoSuchOverload;
        }
        return sum;
    }

    private static CelValue IndexOf(CelList list, CelValue wanted, bool last)
    {
        var found = -1L;
        for (var i = 0; i < list.Count && (last || found < 0); i++)
        {
            if (CelEquality.Equal(list[i], wanted))
                found = i;
        }
        return CelValue.Of(found);
    }

    private static CelValue Distinct(CelList list)
    {
        var distinct = new List<CelValue>();
        foreach (var item in list)
        {
            if (!distinct.Exists(d => CelEquality.Equal(d, item)))
                distinct.Add(item);
        }
        return CelValue.Of(CelList.Of(distinct));
    }

    private static CelValue Range(long count) => count > 1_000_000
        ? CelValue.Error(CelProgram.CostExceeded)
        : CelValue.Of(CelList.Of([.. Enumerable.Range(0, (int)Math.Max(0, count)).Select(i => CelValue.Of((long)i))]));

    private static CelValue Slice(CelList list, long start, long end)
    {
        if (start < 0 || end < 0)
            return CelValue.Error($"cannot slice({start}, {end}), negative indexes not supported");
        if (start > end)
            return CelValue.Error($"cannot slice({start}, {end}), start index must be less than or equal to end index");
        return end > list.Count
            ? CelValue.Error($"cannot slice({start}, {end}), list is length {list.Count}")
            : CelValue.Of(CelList.Of([.. list.Skip((int)start).Take((int)(end - start))]));
    }
}
