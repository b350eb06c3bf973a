using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>The kinds of JSON value as Kubernetes decodes them: a number is an integer when it is written as one and fits 64 bits.</summary>
internal enum DatumKind
{
    Null,
    Bool,
    Int,
    Float,
    String,
    Array,
    Object,
}

/// <summary>A JSON value looked at once: its kind and, for scalars, its content.</summary>
internal readonly struct Datum
{
    private readonly string? text;

    private Datum(DatumKind kind, JsonNode? node, string? text = null, long number = 0, double real = 0)
    {
        Kind = kind;
        Node = node;
        this.text = text;
        Long = number;
        Double = real;
    }

    public DatumKind Kind { get; }

    public JsonNode? Node { get; }

    /// <summary>The content of a string; empty for anything else.</summary>
    public string Text => text ?? "";

    /// <summary>The content of an integer.</summary>
    public long Long { get; }

    /// <summary>The content of any number.</summary>
    public double Double { get; }

    public bool Bool => Long != 0;

    public bool IsNumber => Kind is DatumKind.Int or DatumKind.Float;

    public static Datum Of(JsonNode? node) => node switch
    {
        null => default,
        JsonObject => new(DatumKind.Object, node),
        JsonArray => new(DatumKind.Array, node),
        JsonValue value => OfValue(value),
        _ => default,
    };

    private static Datum OfValue(JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                // A value made in code may hold a char, a date or an enum: its JSON is what counts.
                return new(DatumKind.String, value, value.TryGetValue<string>(out var text) ? text : JsonSerializedText(value));
            case JsonValueKind.True:
                return new(DatumKind.Bool, value, number: 1);
            case JsonValueKind.False:
                return new(DatumKind.Bool, value);
            case JsonValueKind.Number:
                if (value.TryGetValue<long>(out var number))
                    return new(DatumKind.Int, value, number: number, real: number);
                var written = value.ToJsonString();
                return long.TryParse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
                    ? new(DatumKind.Int, value, number: number, real: number)
                    : new(DatumKind.Float, value, real: double.Parse(written, CultureInfo.InvariantCulture));
            default:
                return default;
        }
    }

    private static string JsonSerializedText(JsonValue value)
    {
        using var document = JsonDocument.Parse(value.ToJsonString());
        return document.RootElement.GetString() ?? "";
    }
}
