using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>Reads JSON as values of a declared type, or as what it looks like where there is no declaration.</summary>
internal static class CelJson
{
    public static CelValue Read(JsonNode? node, CelDecl? decl)
    {
        var datum = Datum.Of(node);
        if (datum.Kind == DatumKind.Null)
            return decl is { Nullable: false, Type.Kind: not CelTypeKind.Dyn }
                ? CelValue.Error("invalid data, got null for schema with nullable=false")
                : CelValue.Null;
        return decl is null || decl.Type.Kind == CelTypeKind.Dyn ? Untyped(datum) : Typed(datum, decl);
    }

    private static CelValue Untyped(Datum datum) => datum.Kind switch
    {
        DatumKind.Bool => CelValue.Of(datum.Bool),
        DatumKind.Int => CelValue.Of(datum.Long),
        DatumKind.Float => CelValue.Of(datum.Double),
        DatumKind.String => CelValue.Of(datum.Text),
        DatumKind.Array => CelValue.Of(CelList.Of((JsonArray)datum.Node!, null, null)),
        _ => CelValue.Of(CelMap.Of((JsonObject)datum.Node!, null)),
    };

    private static CelValue Typed(Datum datum, CelDecl decl)
    {
        switch (decl.Type.Kind, datum.Kind)
        {
            case (CelTypeKind.Object, DatumKind.Object):
                return CelValue.Of(CelMap.OfObject((JsonObject)datum.Node!, decl));
            case (CelTypeKind.Map, DatumKind.Object):
                return CelValue.Of(CelMap.Of((JsonObject)datum.Node!, decl.Element));
            case (CelTypeKind.List, DatumKind.Array):
                return CelValue.Of(CelList.Of((JsonArray)datum.Node!, decl.Element, decl.Schema));
            case (CelTypeKind.Double, DatumKind.Int or DatumKind.Float):
                return CelValue.Of(datum.Double);
            case (CelTypeKind.Int, DatumKind.Float):
                return ValueValidator.IsWhole(datum.Double) ? CelValue.Of((long)datum.Double) : Mismatch(decl, datum);
            case (CelTypeKind.Timestamp, DatumKind.String):
                var time = decl.Schema?.Format == "date" ? CelTime.ParseDate(datum.Text) : CelTime.Parse(datum.Text);
                return time is null ? CelValue.Error($"Invalid {decl.Schema?.Format} formatted string {datum.Text}") : CelValue.Of(time);
            case (CelTypeKind.Duration, DatumKind.String):
                return GoDuration.TryParse(datum.Text, out var nanoseconds)
                    ? CelValue.Duration(nanoseconds)
                    : CelValue.Error($"Invalid duration formatted string {datum.Text}");
            case (CelTypeKind.Bytes, DatumKind.String):
                return FromBase64(datum.Text);
            case (CelTypeKind.String, DatumKind.String) or (CelTypeKind.Int, DatumKind.Int) or (CelTypeKind.Bool, DatumKind.Bool):
                return Untyped(datum);
            default:
                return Mismatch(decl, datum);
        }
    }

    private static CelValue Mismatch(CelDecl decl, Datum datum) => CelValue.Error(decl.Type.Kind switch
    {
        CelTypeKind.Object or CelTypeKind.Map => "invalid data, expected a map for the provided schema with type=object",
        CelTypeKind.List => "invalid data, expected an array for the provided schema with type=array",
        _ => $"invalid data, expected {decl.Type} but got {datum.Kind.ToString().ToLowerInvariant()}",
    });

    private static CelValue FromBase64(string text)
    {
        var bytes = new byte[(text.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(text, bytes, out var written)
            ? CelValue.Of(bytes[..written])
            : CelValue.Error($"Invalid byte formatted string {text}");
    }
}
