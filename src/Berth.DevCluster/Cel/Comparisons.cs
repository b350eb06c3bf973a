namespace Berth.DevCluster.Cel;

/// <summary>The order of values; numbers of different kinds may be compared.</summary>
internal static class Comparisons
{
    public static void Register(CelLibrary library)
    {
        Operator(library, "_<_", c => c < 0);
        Operator(library, "_<=_", c => c <= 0);
        Operator(library, "_>_", c => c > 0);
        Operator(library, "_>=_", c => c >= 0);
    }

    private static void Operator(CelLibrary library, string name, Func<int, bool> holds)
    {
        CelType[] same = [CelType.Bool, CelType.String, CelType.Bytes, CelType.Duration, CelType.Timestamp];
        foreach (var type in same)
            Pair(type, type);
        CelType[] numbers = [CelType.Int, CelType.Uint, CelType.Double];
        foreach (var left in numbers)
        {
            foreach (var right in numbers)
                Pair(left, right);
        }

        void Pair(CelType left, CelType right) => library.Global(name, [left, right], CelType.Bool,
            a => CelValue.Of(CelEquality.Compare(a[0], a[1]) is { } order && holds(order)));
    }
}
