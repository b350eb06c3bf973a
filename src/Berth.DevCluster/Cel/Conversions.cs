using System.Globalization;
using System.Text;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>Conversions between types, and what asks about a value's type or size.</summary>
internal static class Conversions
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static void Register(CelLibrary library)
    {
        ToNumbers(library);
        ToText(library);
        library.Global("duration", [CelType.String], CelType.Duration, a => GoDuration.TryParse(a[0].AsString, out var nanoseconds)
            ? CelValue.Duration(nanoseconds) : Failed(a[0], "google.protobuf.Duration"));
        library.Global("duration", [CelType.Duration], CelType.Duration, a => a[0]);
        library.Global("duration", [CelType.Int], CelType.Duration, a => CelValue.Duration(a[0].AsInt));
        library.Global("timestamp", [CelType.String], CelType.Timestamp, a => CelTime.Parse(a[0].AsString) is { } time
            ? CelValue.Of(time) : Failed(a[0], "google.protobuf.Timestamp"));
        library.Global("timestamp", [CelType.Timestamp], CelType.Timestamp, a => a[0]);
        library.Global("timestamp", [CelType.Int], CelType.Timestamp, a => CelTime.Create(a[0].AsInt, 0) is { } time
            ? CelValue.Of(time) : CelValue.Error("timestamp overflow"));
        library.Global("dyn", [CelType.A], CelType.Dyn, a => a[0]);
        library.Global("type", [CelType.A], CelType.TypeOf(CelType.A), a => CelValue.TypeNamed(a[0].TypeName));
        Sizes(library);
    }

    private static void ToNumbers(CelLibrary library)
    {
        library.Global("int", [CelType.Int], CelType.Int, a => a[0]);
        library.Global("int", [CelType.Uint], CelType.Int, a => a[0].AsUint > long.MaxValue ? CelValue.Error("integer overflow") : CelValue.Of((long)a[0].AsUint));
        library.Global("int", [CelType.Double], CelType.Int, a => FromDouble(a[0].AsDouble));
        library.Global("int", [CelType.String], CelType.Int, a => long.TryParse(a[0].AsString, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? CelValue.Of(number) : Failed(a[0], "int"));
        library.Global("int", [CelType.Timestamp], CelType.Int, a => CelValue.Of(a[0].AsTime.Seconds));
        library.Global("int", [CelType.Duration], CelType.Int, a => CelValue.Of(a[0].AsDuration));
        library.Global("uint", [CelType.Uint], CelType.Uint, a => a[0]);
        library.Global("uint", [CelType.Int], CelType.Uint, a => a[0].AsInt < 0 ? CelValue.Error("unsigned integer overflow") : CelValue.Of((ulong)a[0].AsInt));
        library.Global("uint", [CelType.Double], CelType.Uint, a => a[0].AsDouble is >= 0 and < 18446744073709551616.0
            ? CelValue.Of((ulong)a[0].AsDouble) : CelValue.Error("unsigned integer overflow"));
        library.Global("uint", [CelType.String], CelType.Uint, a => ulong.TryParse(a[0].AsString, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? CelValue.Of(number) : Failed(a[0], "uint"));
        library.Global("double", [CelType.Double], CelType.Double, a => a[0]);
        library.Global("double", [CelType.Int], CelType.Double, a => CelValue.Of((double)a[0].AsInt));
        library.Global("double", [CelType.Uint], CelType.Double, a => CelValue.Of((double)a[0].AsUint));
        library.Global("double", [CelType.String], CelType.Double, a => double.TryParse(a[0].AsString, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && a[0].AsString.Length > 0 && !char.IsWhiteSpace(a[0].AsString[0]) && !char.IsWhiteSpace(a[0].AsString[^1]) ? CelValue.Of(number) : Failed(a[0], "double"));
        library.Global("bool", [CelType.Bool], CelType.Bool, a => a[0]);
        library.Global("bool", [CelType.String], CelType.Bool, a => a[0].AsString switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => CelValue.True,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => CelValue.False,
            _ => Failed(a[0], "bool"),
        });
    }

    private static void ToText(CelLibrary library)
    {
        CelType[] printable = [CelType.String, CelType.Bool, CelType.Int, CelType.Uint, CelType.Double, CelType.Timestamp, CelType.Duration];
        foreach (var type in printable)
            library.Global("string", [type], CelType.String, a => CelValue.Of(a[0].ToString()));
        library.Global("string", [CelType.Bytes], CelType.String, a => FromUtf8(a[0].AsBytes));
        library.Global("bytes", [CelType.Bytes], CelType.Bytes, a => a[0]);
        library.Global("bytes", [CelType.String], CelType.Bytes, a => CelValue.Of(Encoding.UTF8.GetBytes(a[0].AsString)));
    }

    private static void Sizes(CelLibrary library)
    {
        (CelType Type, CelImplementation Size)[] sized =
        [
            (CelType.String, a => CelValue.Of((long)Runes.Count(a[0].AsString))),
            (CelType.Bytes, a => CelValue.Of((long)a[0].AsBytes.Length)),
            (CelType.List(CelType.A), a => CelValue.Of((long)a[0].AsList.Count)),
            (CelType.Map(CelType.A, CelType.B), a => CelValue.Of((long)a[0].AsMap.Count)),
        ];
        foreach (var (type, size) in sized)
        {
            library.Global("size", [type], CelType.Int, size);
            library.Member("size", [type], CelType.Int, size);
        }
    }

    private static CelValue FromDouble(double value) => double.IsNaN(value) || value is <= -9223372036854775808.0 or >= 9223372036854775808.0
        ? CelValue.Error("integer overflow")
        : CelValue.Of((long)value);

    private static CelValue FromUtf8(byte[] bytes)
    {
        try
        {
            return CelValue.Of(Strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return CelValue.Error("invalid UTF-8 in bytes, cannot convert to string");
        }
    }

    private static CelValue Failed(CelValue value, string type) =>
        CelValue.Error($"type conversion error from '{value.TypeName}' to '{type}'");
}
