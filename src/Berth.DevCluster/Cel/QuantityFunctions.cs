namespace Berth.DevCluster.Cel;

/// <summary>Kubernetes' quantity library.</summary>
internal static class QuantityFunctions
{
    private static readonly CelType Quantity = CelType.Opaque(CelQuantity.Name);

    public static void Register(CelLibrary library)
    {
        library.Global("quantity", [CelType.String], Quantity, a => CelQuantity.Parse(a[0].AsString) is { } quantity
            ? CelValue.Opaque(quantity)
            : CelValue.Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
        library.Global("isQuantity", [CelType.String], CelType.Bool, a => CelValue.Of(CelQuantity.Parse(a[0].AsString) is not null));
        library.Member("sign", [Quantity], CelType.Int, a => CelValue.Of((long)Of(a[0]).Sign));
        library.Member("isInteger", [Quantity], CelType.Bool, a => CelValue.Of(Of(a[0]).Integer is not null));
        library.Member("asInteger", [Quantity], CelType.Int, a => Of(a[0]).Integer is { } whole
            ? CelValue.Of(whole)
            : CelValue.Error("cannot convert value to integer"));
        library.Member("asApproximateFloat", [Quantity], CelType.Double, a => CelValue.Of(Of(a[0]).Approximate));
        library.Member("isGreaterThan", [Quantity, Quantity], CelType.Bool, a => CelValue.Of(Of(a[0]).Nanos > Of(a[1]).Nanos));
        library.Member("isLessThan", [Quantity, Quantity], CelType.Bool, a => CelValue.Of(Of(a[0]).Nanos < Of(a[1]).Nanos));
        library.Member("compareTo", [Quantity, Quantity], CelType.Int, a => CelValue.Of((long)Of(a[0]).Nanos.CompareTo(Of(a[1]).Nanos)));
        library.Member("add", [Quantity, Quantity], Quantity, a => CelValue.Opaque(new CelQuantity(Of(a[0]).Nanos + Of(a[1]).Nanos)));
        library.Member("sub", [Quantity, Quantity], Quantity, a => CelValue.Opaque(new CelQuantity(Of(a[0]).Nanos - Of(a[1]).Nanos)));
        library.Member("add", [Quantity, CelType.Int], Quantity, a => CelValue.Opaque(new CelQuantity(Of(a[0]).Nanos + Whole(a[1]))));
        library.Member("sub", [Quantity, CelType.Int], Quantity, a => CelValue.Opaque(new CelQuantity(Of(a[0]).Nanos - Whole(a[1]))));
    }

    private static CelQuantity Of(CelValue value) => (CelQuantity)value.AsOpaque;

    private static System.Numerics.BigInteger Whole(CelValue value) => (System.Numerics.BigInteger)value.AsInt * 1_000_000_000;
}
