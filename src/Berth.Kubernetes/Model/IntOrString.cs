using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>A field that is a number or a text such as <c>25%</c>.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct IntOrString
{
    private readonly string? _text;

    /// <summary>A number.</summary>
    public IntOrString(int value) => Number = value;

    /// <summary>A text.</summary>
    public IntOrString(string text) => _text = text ?? throw new ArgumentNullException(nameof(text));

    /// <summary>The number; null when it is a text.</summary>
    public int? Number { get; }

    /// <summary>The number or the text as text.</summary>
    public override string ToString() => _text ?? (Number ?? 0).ToString(CultureInfo.InvariantCulture);

    /// <summary>The value against a total: a number as it is, a percentage rounded up or down.</summary>
    /// <exception cref="FormatException">The text is not a percentage.</exception>
    public int Of(int total, bool roundUp)
    {
        if (_text is null) return Number ?? 0;
        if (!_text.EndsWith('%') || !int.TryParse(_text.AsSpan(0, _text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent))
            throw new FormatException($"\"{_text}\" is neither a number nor a percentage such as \"25%\".");
        var exact = (long)total * percent;
        return (int)((roundUp ? exact + 99 : exact) / 100);
    }

    internal sealed class Converter : JsonConverter<IntOrString>
    {
        public override IntOrString Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Number => new(reader.GetInt32()),
            JsonTokenType.String => new(reader.GetString()!),
            _ => throw new JsonException($"expected a number or a string, found {reader.TokenType}"),
        };

        public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options)
        {
            if (value._text is { } text) writer.WriteStringValue(text);
            else writer.WriteNumberValue(value.Number ?? 0);
        }
    }
}
