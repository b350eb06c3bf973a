using System.Globalization;

namespace Berth.DevCluster.Schema;

/// <summary>The numeric keywords. An integer is held against bounds cut to integers, as Kubernetes does.</summary>
internal readonly struct NumberBounds(StructuralSchema schema, DotPath path, Faults faults)
{
    public void Check(Datum datum)
    {
        InRange(datum.Kind == DatumKind.Int ? datum.Long.ToString(CultureInfo.InvariantCulture) : GoText.PlainFloat(datum.Double), "Checked");
        if (schema.MultipleOf is { } factor)
            CheckMultiple(datum, factor, InRange(GoText.PlainFloat(factor), "MultipleOf"));
        if (schema.Minimum is { } minimum)
            CheckMinimum(datum, minimum, InRange(GoText.PlainFloat(minimum), "Minimum boundary"));
        if (schema.Maximum is { } maximum)
            CheckMaximum(datum, maximum, InRange(GoText.PlainFloat(maximum), "Maximum boundary"));
    }

    private void CheckMultiple(Datum datum, double factor, bool native)
    {
        if (native && datum.Kind == DatumKind.Int)
        {
            var whole = (long)factor;
            if (whole <= 0)
                faults.Invalid(path, whole, $"factor MultipleOf declared for {path} must be positive: {whole}");
            else if (datum.Long % whole != 0)
                faults.Invalid(path, datum.Node, $"{path} in body should be a multiple of {whole}");
            return;
        }
        var value = datum.Double;
        if (factor <= 0)
            faults.Invalid(path, factor, $"factor MultipleOf declared for {path} must be positive: {GoText.Float(factor)}");
        else if (!ValueValidator.IsWhole(factor < 1 ? 1 / factor * value : value / factor))
            faults.Invalid(path, value, $"{path} in body should be a multiple of {GoText.Float(factor)}");
    }

    private void CheckMaximum(Datum datum, double maximum, bool native)
    {
        var exclusive = schema.ExclusiveMaximum;
        var integers = native && datum.Kind == DatumKind.Int;
        var over = integers
            ? (exclusive ? datum.Long >= (long)maximum : datum.Long > (long)maximum)
            : (exclusive ? datum.Double >= maximum : datum.Double > maximum);
        if (over)
            faults.Invalid(path, datum.Node, $"{path} in body should be less than {(exclusive ? "" : "or equal to ")}{Bound(maximum, integers)}");
    }

    private void CheckMinimum(Datum datum, double minimum, bool native)
    {
        var exclusive = schema.ExclusiveMinimum;
        var integers = native && datum.Kind == DatumKind.Int;
        var under = integers
            ? (exclusive ? datum.Long <= (long)minimum : datum.Long < (long)minimum)
            : (exclusive ? datum.Double <= minimum : datum.Double < minimum);
        if (under)
            faults.Invalid(path, datum.Node, $"{path} in body should be greater than {(exclusive ? "" : "or equal to ")}{Bound(minimum, integers)}");
    }

    private static string Bound(double bound, bool integers) =>
        integers ? ((long)bound).ToString(CultureInfo.InvariantCulture) : GoText.Float(bound);

    /// <summary>Whether a number, as text, fits the schema's type and format; reports it when not.</summary>
    private bool InRange(string number, string what)
    {
        var format = schema.EffectiveFormat;
        var type = schema.TypeNames.Count == 1 ? schema.TypeNames[0] : "";
        var fits = type switch
        {
            "integer" when format == "int32" => int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            "integer" => long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            "number" when format == "float" => !double.TryParse(number, CultureInfo.InvariantCulture, out var real) || Math.Abs(real) <= float.MaxValue,
            _ => true,
        };
        if (!fits)
            faults.General(format.Length > 0
                ? $"{what} value must be of type {type} with format {format} in {path}"
                : $"{what} value must be of type {type} (default format) in {path}");
        return fits;
    }
}
