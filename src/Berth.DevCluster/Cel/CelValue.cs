using System.Globalization;
using System.Text;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>A value of an expression. An error is a value too, because <c>&amp;&amp;</c> and <c>||</c> may absorb it.</summary>
internal readonly struct CelValue
{
    private readonly long bits;
    private readonly object? reference;

    private CelValue(CelKind kind, long bits, object? reference)
    {
        Kind = kind;
        this.bits = bits;
        this.reference = reference;
    }

    public static CelValue Null { get; } = new(CelKind.Null, 0, null);

    public static CelValue True { get; } = new(CelKind.Bool, 1, null);

    public static CelValue False { get; } = new(CelKind.Bool, 0, null);

    public static CelValue NoSuchOverload { get; } = Error("no such overload");

    public static CelValue None { get; } = new(CelKind.Optional, 0, null);

    public CelKind Kind { get; }

    public bool IsError => Kind == CelKind.Error;

    public bool IsTrue => Kind == CelKind.Bool && bits != 0;

    public bool IsFalse => Kind == CelKind.Bool && bits == 0;

    public bool IsNumber => Kind is CelKind.Int or CelKind.Uint or CelKind.Double;

    public long AsInt => bits;

    public ulong AsUint => (ulong)bits;

    public double AsDouble => BitConverter.Int64BitsToDouble(bits);

    public string AsString => (string)reference!;

    public byte[] AsBytes => (byte[])reference!;

    /// <summary>Nanoseconds.</summary>
    public long AsDuration => bits;

    public CelTime AsTime => (CelTime)reference!;

    public CelList AsList => (CelList)reference!;

    public CelMap AsMap => (CelMap)reference!;

    public string Message => (string)reference!;

    public object AsOpaque => reference!;

    /// <summary>Whether an optional has a value.</summary>
    public bool HasValue => reference is not null;

    /// <summary>The value of an optional that has one.</summary>
    public CelValue OptionalValue => ((StrongBox)reference!).Value;

    public static CelValue Error(string message) => new(CelKind.Error, 0, message);

    public static CelValue Of(bool value) => value ? True : False;

    public static CelValue Of(long value) => new(CelKind.Int, value, null);

    public static CelValue Of(ulong value) => new(CelKind.Uint, (long)value, null);

    public static CelValue Of(double value) => new(CelKind.Double, BitConverter.DoubleToInt64Bits(value), null);

    public static CelValue Of(string value) => new(CelKind.String, 0, value);

    public static CelValue Of(byte[] value) => new(CelKind.Bytes, 0, value);

    public static CelValue Of(CelTime value) => new(CelKind.Timestamp, 0, value);

    public static CelValue Of(CelList value) => new(CelKind.List, 0, value);

    public static CelValue Of(CelMap value) => new(CelKind.Map, 0, value);

    public static CelValue Duration(long nanoseconds) => new(CelKind.Duration, nanoseconds, null);

    public static CelValue TypeNamed(string name) => new(CelKind.Type, 0, name);

    public static CelValue Some(CelValue value) => new(CelKind.Optional, 0, new StrongBox(value));

    /// <summary>A value of one of Kubernetes' own types, such as a quantity.</summary>
    public static CelValue Opaque(object value) => new(CelKind.Opaque, 0, value);

    /// <summary>The number as a double, whatever its kind.</summary>
    public double ToDouble() => Kind switch
    {
        CelKind.Int => bits,
        CelKind.Uint => AsUint,
        _ => AsDouble,
    };

    /// <summary>The name of the value's type at run time.</summary>
    public string TypeName => Kind switch
    {
        CelKind.Null => "null_type",
        CelKind.Bool => "bool",
        CelKind.Int => "int",
        CelKind.Uint => "uint",
        CelKind.Double => "double",
        CelKind.String => "string",
        CelKind.Bytes => "bytes",
        CelKind.Duration => "google.protobuf.Duration",
        CelKind.Timestamp => "google.protobuf.Timestamp",
        CelKind.List => "list",
        CelKind.Map => AsMap.TypeName,
        CelKind.Type => "type",
        CelKind.Optional => "optional_type",
        CelKind.Opaque => (AsOpaque as ICelOpaque)?.TypeName ?? AsOpaque.GetType().Name,
        _ => "error",
    };

    /// <summary>The value as a conversion to string or an error message shows it.</summary>
    public override string ToString() => Kind switch
    {
        CelKind.Null => "null",
        CelKind.Bool => bits != 0 ? "true" : "false",
        CelKind.Int => bits.ToString(CultureInfo.InvariantCulture),
        CelKind.Uint => AsUint.ToString(CultureInfo.InvariantCulture),
        CelKind.Double => GoText.Float(AsDouble),
        CelKind.Bytes => Encoding.UTF8.GetString(AsBytes),
        CelKind.Duration => CelDurations.Text(bits),
        CelKind.Timestamp => AsTime.ToString(),
        CelKind.List => "[" + string.Join(", ", AsList.Select(i => i.ToString())) + "]",
        CelKind.Map => MapText(AsMap),
        CelKind.Optional => HasValue ? $"optional({OptionalValue})" : "optional.none()",
        _ => reference?.ToString() ?? "",
    };

    private static string MapText(CelMap map) => "{" + string.Join(", ", map.Keys.Select(k => $"{k}: {map.Find(k)}")) + "}";

    private sealed class StrongBox(CelValue value)
    {
        public readonly CelValue Value = value;
    }
}
