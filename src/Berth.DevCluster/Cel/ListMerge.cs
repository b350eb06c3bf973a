using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>What <c>+</c> means between lists: concatenation, or a union where the list is a set or a map.</summary>
internal static class ListMerge
{
    public static CelList Add(CelList a, CelList b)
    {
        var sum = new List<CelValue>(a.Count + b.Count);
        sum.AddRange(a);
        var schema = a.Schema;
        foreach (var item in b)
        {
            var at = schema?.ListType switch
            {
                "set" => sum.FindIndex(x => CelEquality.Equal(x, item)),
                "map" => sum.FindIndex(x => SameKeys(x, item, schema)),
                _ => -1,
            };
            if (at < 0)
                sum.Add(item);
            else
                sum[at] = item;
        }
        return CelList.Of(sum);
    }

    public static bool SameKeys(CelValue a, CelValue b, StructuralSchema schema)
    {
        if (a.Kind != CelKind.Map || b.Kind != CelKind.Map)
            return false;
        foreach (var key in schema.ListMapKeys)
        {
            var name = CelNames.Escape(key) ?? key;
            var (left, right) = (a.AsMap.FindField(name), b.AsMap.FindField(name));
            if (left.HasValue != right.HasValue || (left is { } x && right is { } y && !CelEquality.Equal(x, y)))
                return false;
        }
        return true;
    }
}
