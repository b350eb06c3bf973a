using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>
/// Holds a value against a schema's types, bounds, formats and logical operands. Every check returns how many sub-checks passed, because
/// the messages of <c>anyOf</c> and <c>oneOf</c> are those of the operand that matched best.
/// </summary>
internal static class ValueValidator
{
    /// <summary>Validates a value; with a correlation, errors of unchanged values are tolerated.</summary>
    public static IReadOnlyList<FieldError> Validate(StructuralSchema schema, JsonNode? value, FieldPath? basis, Correlation? correlation)
    {
        var faults = new Faults(basis);
        Check(schema, value, DotPath.Root, correlation, faults);
        return faults.Count == 0 ? [] : [.. faults.Errors];
    }

    /// <summary>Checks a value that may correspond to an old one.</summary>
    private static int Check(StructuralSchema schema, JsonNode? value, DotPath path, Correlation? correlation, Faults faults)
    {
        var before = faults.Count;
        var matched = CheckAll(schema, value, path, correlation, faults);
        if (faults.Count > before && correlation is { Unchanged: true })
            faults.Forget(before);
        return matched;
    }

    private static int CheckAll(StructuralSchema schema, JsonNode? value, DotPath path, Correlation? correlation, Faults faults)
    {
        if (value is null)
        {
            var nullMatched = CheckNull(schema, path, faults);
            CheckEnum(schema, default, path, faults);
            return nullMatched;
        }
        var datum = Datum.Of(value);
        var matched = 3; // The enum and the operands always apply; the last is the value itself.
        if (schema.TypeNames.Count > 0 || schema.EffectiveFormat.Length > 0)
            matched += 1 + CheckType(schema, datum, path, faults);
        matched += CheckOperands(schema, value, path, correlation, faults);
        matched += datum.Kind switch
        {
            DatumKind.String => CheckString(schema, datum.Text, path, faults),
            DatumKind.Int or DatumKind.Float => 2 * CheckNumber(schema, datum, path, faults),
            DatumKind.Array => 1 + CheckItems(schema, (JsonArray)value, path, correlation, faults),
            _ => 0,
        };
        CheckEnum(schema, datum, path, faults);
        if (value is JsonObject fields)
            matched += 1 + CheckFields(schema, fields, path, correlation, faults);
        return matched;
    }

    private static int CheckNull(StructuralSchema schema, DotPath path, Faults faults)
    {
        if (schema.TypeNames.Count == 0 || schema.Nullable)
            return 1;
        faults.TypeInvalid(path, string.Join(',', schema.TypeNames), "null");
        return 0;
    }

    private static int CheckType(StructuralSchema schema, Datum datum, DotPath path, Faults faults)
    {
        var (type, dataFormat) = datum.Kind switch
        {
            DatumKind.Bool => ("boolean", ""),
            DatumKind.String => ("string", ""),
            DatumKind.Int => ("integer", "int64"),
            DatumKind.Float => ("number", "float64"),
            DatumKind.Array => ("array", ""),
            _ => ("object", ""),
        };
        var names = schema.TypeNames;
        var format = schema.EffectiveFormat;
        var numeric = names.Contains("number") || names.Contains("integer");
        var fits = names.Contains(type)
            || (datum.Kind == DatumKind.Float && names.Contains("integer") && IsWhole(datum.Double))
            || (datum.Kind == DatumKind.Int && names.Contains("number"));
        var textual = datum.Kind is DatumKind.String or DatumKind.Array;
        if (!textual && format.Length > 0 && !fits && dataFormat != format)
        {
            faults.TypeInvalid(path, format, dataFormat);
            return 0;
        }
        if (fits || (!numeric && format.Length > 0 && textual))
            return 1;
        faults.TypeInvalid(path, string.Join(',', names), type);
        return 0;
    }

    private static void CheckEnum(StructuralSchema schema, Datum datum, DotPath path, Faults faults)
    {
        if (schema.Enum.Count == 0)
            return;
        foreach (var allowed in schema.Enum)
        {
            if (JsonNode.DeepEquals(allowed, datum.Node))
                return;
        }
        faults.Add(path, at => FieldError.NotSupported(at, datum.Node, schema.Enum.Select(EnumText)));
    }

    private static string EnumText(JsonNode? value) => Datum.Of(value) is { Kind: DatumKind.String } text ? text.Text : GoText.Json(value);

    private static int CheckString(StructuralSchema schema, string value, DotPath path, Faults faults)
    {
        CheckText(schema, value, path, faults);
        if (schema.EffectiveFormat.Length == 0 || !StringFormats.IsForStrings(schema.EffectiveFormat))
            return 1;
        if (!StringFormats.Matches(schema.EffectiveFormat, value))
            faults.TypeInvalid(path, schema.EffectiveFormat, value);
        return 2;
    }

    private static void CheckText(StructuralSchema schema, string value, DotPath path, Faults faults)
    {
        if (schema.MaxLength is { } longest && Runes.Count(value) > longest)
            faults.Add(path, at => FieldError.TooLong(at, longest));
        else if (schema.MinLength is { } shortest && Runes.Count(value) < shortest)
            faults.Invalid(path, value, $"{path} in body should be at least {shortest} chars long");
        else if (schema.Pattern.Length > 0 && !(GoRegex.TryCompile(schema.Pattern, out var regex, out var wrong) && regex.IsMatch(value)))
            faults.Invalid(path, value, wrong.Length == 0
                ? $"{path} in body should match '{schema.Pattern}'"
                : $"{path} in body should match '{schema.Pattern}, but pattern is invalid: {wrong}'");
    }

    private static int CheckNumber(StructuralSchema schema, Datum datum, DotPath path, Faults faults)
    {
        new NumberBounds(schema, path, faults).Check(datum);
        return 1;
    }

    private static int CheckItems(StructuralSchema schema, JsonArray items, DotPath path, Correlation? correlation, Faults faults)
    {
        var matched = 1;
        if (schema.Items is { } item)
        {
            for (var i = 0; i < items.Count; i++)
                matched += Check(item, items[i], path.Item(i), correlation?.Index(i), faults);
        }
        if (schema.MinItems is { } fewest && items.Count < fewest)
            faults.Invalid(path, items.Count, $"{path} in body should have at least {fewest} items");
        if (schema.MaxItems is { } most && items.Count > most)
            faults.Add(path, at => FieldError.TooMany(at, items.Count, most));
        if (schema.UniqueItems && HasDuplicates(items))
            faults.Invalid(path, "", $"{path} in body shouldn't contain duplicates");
        return matched;
    }

    private static bool HasDuplicates(JsonArray items)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return items.Any(i => !seen.Add(GoText.Json(i)));
    }

    private static int CheckFields(StructuralSchema schema, JsonObject fields, DotPath path, Correlation? correlation, Faults faults)
    {
        if (schema.MinProperties is { } fewest && fields.Count < fewest)
            faults.Invalid(path, fields.Count, $"{path} in body should have at least {fewest} properties");
        if (schema.MaxProperties is { } most && fields.Count > most)
            faults.Add(path, at => FieldError.TooMany(at, fields.Count, most));
        var matched = 0;
        foreach (var (name, value) in fields)
        {
            if (schema.Properties.TryGetValue(name, out var property))
                matched += Check(property, value, path.Field(name), Below(name), faults);
            else if (schema.AdditionalPropertiesAllowed == false)
                faults.Invalid(path, name, $"{path}.{name} in body is a forbidden property");
            else if (schema.AdditionalProperties is { } additional)
                matched += Check(additional, value, path.Member(name), Below(name), faults);
        }
        foreach (var required in schema.Required)
        {
            if (!fields.ContainsKey(required))
                faults.Add(path.Member(required), at => FieldError.Required(at));
        }
        return matched;

        // The version and kind of old and new are shown alike, so that their errors can never be told to be old ones.
        Correlation? Below(string name) => path.IsRoot && name is "apiVersion" or "kind" ? null : correlation?.Key(name);
    }

    private static int CheckOperands(StructuralSchema schema, JsonNode value, DotPath path, Correlation? correlation, Faults faults)
    {
        var matched = 1;
        if (schema.AnyOf.Count > 0)
            matched += LogicalOperands.AnyOf(schema.AnyOf, path, faults, Operand);
        if (schema.OneOf.Count > 0)
            matched += LogicalOperands.OneOf(schema.OneOf, path, faults, Operand);
        if (schema.AllOf.Count > 0)
            matched += LogicalOperands.AllOf(schema.AllOf, path, faults, Operand);
        if (schema.Not is { } refused)
        {
            var found = faults.Fresh();
            Operand(refused, found);
            if (found.Count == 0)
                faults.General($"{GoText.Quote(path.ToString())} must not validate the schema (not)");
        }
        return matched;

        int Operand(StructuralSchema operand, Faults found) => CheckAll(operand, value, path, correlation, found);
    }

    /// <summary>Whether a float is a whole number, give or take what decimal fractions lose.</summary>
    internal static bool IsWhole(double value)
    {
        if (double.IsNaN(value) || Math.Abs(value) > 9007199254740991)
            return false;
        var difference = Math.Abs(value - Math.Truncate(value));
        return difference == 0 || difference / (Math.Abs(value) + Math.Abs(Math.Truncate(value))) < 1e-9;
    }
}
