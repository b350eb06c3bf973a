using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>Refuses duplicates in lists of type set and map.</summary>
internal static class ListTypes
{
    public static IReadOnlyList<FieldError> Validate(JsonNode? value, StructuralSchema schema, FieldPath? path = null)
    {
        var errors = new List<FieldError>();
        Visit(value, schema, path, errors);
        return errors;
    }

    private static void Visit(JsonNode? value, StructuralSchema schema, FieldPath? path, List<FieldError> errors)
    {
        switch (value)
        {
            case JsonObject fields:
                foreach (var (name, field) in fields)
                {
                    if (schema.AdditionalProperties is { } additional)
                        Visit(field, additional, FieldPath.Key(path, name), errors);
                    if (schema.Properties.TryGetValue(name, out var property))
                        Visit(field, property, FieldPath.Child(path, name), errors);
                }
                break;
            case JsonArray items:
                if (schema.ListType == "set")
                    CheckSet(items, path, errors);
                else if (schema.ListType == "map")
                    CheckMap(items, schema, path, errors);
                if (schema.Items is not { } item)
                    break;
                for (var i = 0; i < items.Count; i++)
                    Visit(items[i], item, FieldPath.Index(path, i), errors);
                break;
        }
    }

    private static void CheckSet(JsonArray items, FieldPath? path, List<FieldError> errors)
    {
        foreach (var i in Duplicates(items.Select(GoText.Json)))
            errors.Add(FieldError.Duplicate(FieldPath.Index(path, i), items[i]));
    }

    private static void CheckMap(JsonArray items, StructuralSchema schema, FieldPath? path, List<FieldError> errors)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is null or JsonObject)
                continue;
            errors.Add(FieldError.Invalid(FieldPath.Index(path, i), items[i], "must be an object for an array of list-type map"));
            return;
        }
        foreach (var i in Duplicates(items.Select(item => GoText.Json(KeysOf(item, schema)))))
            errors.Add(FieldError.Duplicate(FieldPath.Index(path, i), KeysOf(items[i], schema)));
    }

    /// <summary>The keys that an item has; an absent key differs from a null one.</summary>
    private static JsonObject KeysOf(JsonNode? item, StructuralSchema schema)
    {
        var keys = new JsonObject();
        foreach (var key in schema.ListMapKeys)
        {
            if (item is JsonObject fields && fields.TryGetPropertyValue(key, out var value))
                keys[key] = value?.DeepClone();
        }
        return keys;
    }

    /// <summary>The index of the second appearance of each value that appears more than once.</summary>
    private static IEnumerable<int> Duplicates(IEnumerable<string> values)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var index = 0;
        foreach (var value in values)
        {
            var times = seen[value] = seen.GetValueOrDefault(value) + 1;
            if (times == 2)
                yield return index;
            index++;
        }
    }
}
