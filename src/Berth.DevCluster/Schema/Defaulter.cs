using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>Fills in defaults, in place; a null where null is not allowed counts as absent.</summary>
internal static class Defaulter
{
    /// <summary>
    /// What a request's object goes through: nulls that may not be null and have no default are dropped, then defaults are set.
    /// </summary>
    public static void Apply(JsonNode? value, StructuralSchema? schema)
    {
        DropNulls(value, schema);
        SetDefaults(value, schema);
    }

    /// <summary>Sets the defaults alone, as is done with objects read from the store.</summary>
    public static void SetDefaults(JsonNode? value, StructuralSchema? schema)
    {
        if (schema is null)
            return;
        switch (value)
        {
            case JsonObject fields:
                foreach (var (name, property) in schema.Properties)
                {
                    if (property.Default is not null && (!fields.TryGetPropertyValue(name, out var present) || (present is null && !property.Nullable)))
                        fields[name] = property.Default.DeepClone();
                }
                SetNested(fields, schema);
                break;
            case JsonArray items when schema.Items is { } item:
                for (var i = 0; i < items.Count; i++)
                {
                    if (items[i] is null && !item.Nullable && item.Default is not null)
                        items[i] = item.Default.DeepClone();
                    SetDefaults(items[i], item);
                }
                break;
        }
    }

    private static void SetNested(JsonObject fields, StructuralSchema schema)
    {
        List<string>? nulls = null;
        foreach (var (name, value) in fields)
        {
            if (schema.Properties.TryGetValue(name, out var property))
                SetDefaults(value, property);
            else if (value is null && schema.AdditionalProperties is { Nullable: false, Default: not null })
                (nulls ??= []).Add(name);
            else
                SetDefaults(value, schema.AdditionalProperties);
        }
        foreach (var name in nulls ?? [])
        {
            fields[name] = schema.AdditionalProperties!.Default!.DeepClone();
            SetDefaults(fields[name], schema.AdditionalProperties);
        }
    }

    private static void DropNulls(JsonNode? value, StructuralSchema? schema)
    {
        switch (value)
        {
            case JsonObject fields:
                List<string>? drop = null;
                foreach (var (name, field) in fields)
                {
                    var below = schema?.Field(name);
                    if (field is null && below is { Nullable: false, Default: null })
                        (drop ??= []).Add(name);
                    else
                        DropNulls(field, below);
                }
                foreach (var name in drop ?? [])
                    fields.Remove(name);
                break;
            case JsonArray items:
                foreach (var item in items)
                    DropNulls(item, schema?.Items);
                break;
        }
    }
}
