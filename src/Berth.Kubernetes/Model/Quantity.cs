using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>An amount of a resource, such as <c>500m</c>, <c>2</c>, <c>1Gi</c> or <c>12e3</c>. The text is kept as written.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct Quantity : IComparable<Quantity>
{
    private static readonly (string Suffix, decimal Factor)[] s_suffixes =
    [
        ("Ki", 1024m), ("Mi", 1048576m), ("Gi", 1073741824m), ("Ti", 1099511627776m), ("Pi", 1125899906842624m), ("Ei", 1152921504606846976m),
        ("n", 1e-9m), ("u", 1e-6m), ("m", 1e-3m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    private readonly string? _text;

    private Quantity(string text, decimal value) => (_text, Value) = (text, value);

    /// <summary>The amount in base units.</summary>
    public decimal Value { get; }

    /// <summary>Reads a quantity.</summary>
    /// <exception cref="FormatException">The text is not a quantity.</exception>
    public static Quantity Parse(string text) =>
        TryParse(text, out var quantity) ? quantity : throw new FormatException($"\"{text}\" is not a quantity; write for example 500m, 2, 1Gi or 12e3.");

    /// <summary>Reads a quantity; false when the text is not one.</summary>
    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = default;
        if (string.IsNullOrEmpty(text)) return false;
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        foreach (var (suffix, factor) in s_suffixes)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
            if (!decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length), Plain, CultureInfo.InvariantCulture, out var amount)) return false;
            quantity = new(text, amount * factor);
            return true;
        }
        if (!decimal.TryParse(text, Plain | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var value)) return false;
        quantity = new(text, value);
        return true;
    }

    /// <summary>Compares amounts, not spellings.</summary>
    public int CompareTo(Quantity other) => Value.CompareTo(other.Value);

    /// <summary>Equal amounts are equal: <c>1000m</c> is <c>1</c>.</summary>
    public bool Equals(Quantity other) => Value == other.Value;

    /// <inheritdoc />
    public override int GetHashCode() => Value.GetHashCode();

    /// <summary>The text as it was written.</summary>
    public override string ToString() => _text ?? "0";

    /// <summary>Less than.</summary>
    public static bool operator <(Quantity left, Quantity right) => left.Value < right.Value;

    /// <summary>At most.</summary>
    public static bool operator <=(Quantity left, Quantity right) => left.Value <= right.Value;

    /// <summary>More than.</summary>
    public static bool operator >(Quantity left, Quantity right) => left.Value > right.Value;

    /// <summary>At least.</summary>
    public static bool operator >=(Quantity left, Quantity right) => left.Value >= right.Value;

    internal sealed class Converter : JsonConverter<Quantity>
    {
        public override Quantity Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.TokenType == JsonTokenType.Number ? reader.GetDecimal().ToString(CultureInfo.InvariantCulture) : reader.GetString();
            return TryParse(text, out var quantity) ? quantity : throw new JsonException($"\"{text}\" is not a quantity");
        }

        public override void Write(Utf8JsonWriter writer, Quantity value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
