using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Patching;

/// <summary>JSON patch (RFC 6902).</summary>
internal static class JsonPatch
{
    public const int MaxOperations = 10_000;

    /// <exception cref="StatusException">An operation cannot be done; nothing of the patch is then kept.</exception>
    public static JsonNode? Apply(JsonNode? target, JsonArray patch)
    {
        if (patch.Count > MaxOperations)
            throw new StatusException(413, "RequestEntityTooLarge", $"Request entity too large: The allowed maximum operations in a JSON patch is {MaxOperations}, got {patch.Count}");
        var root = target;
        foreach (var step in patch)
        {
            if (step is not JsonObject operation) throw StatusException.BadRequest("json: cannot unmarshal patch operation into Go value of type map[string]*json.RawMessage");
            root = Do(root, operation);
        }
        return root;
    }

    private static JsonNode? Do(JsonNode? root, JsonObject operation)
    {
        var path = Pointer(operation.TextOr("", "path"));
        switch (operation.Text("op"))
        {
            case "add":
                return Add(root, path, operation["value"]?.DeepClone());
            case "remove":
                return Remove(root, path, out _);
            case "replace":
                if (!Exists(root, path)) throw Refused();
                root = Remove(root, path, out _);
                return Add(root, path, operation["value"]?.DeepClone());
            case "move":
                root = Remove(root, Pointer(operation.TextOr("", "from")), out var moved);
                return Add(root, path, moved);
            case "copy":
                return Add(root, path, Get(root, Pointer(operation.TextOr("", "from")))?.DeepClone());
            case "test":
                if (!Exists(root, path) ? operation["value"] is not null : !Same(Get(root, path), operation["value"])) throw Refused();
                return root;
            default:
                throw Refused();
        }
    }

    private static bool Same(JsonNode? a, JsonNode? b) => JsonNode.DeepEquals(a, b);

    private static string[] Pointer(string path)
    {
        if (path.Length == 0) return [];
        if (path[0] != '/') throw Refused();
        return [.. path[1..].Split('/').Select(p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static bool Exists(JsonNode? root, string[] path)
    {
        var at = root;
        foreach (var step in path)
        {
            if (at is JsonObject o && o.ContainsKey(step)) at = o[step];
            else if (at is JsonArray a && Index(a, step, forAdd: false) is { } i) at = a[i];
            else return false;
        }
        return true;
    }

    private static JsonNode? Get(JsonNode? root, ReadOnlySpan<string> path)
    {
        var at = root;
        foreach (var step in path)
        {
            if (at is JsonObject o && o.ContainsKey(step)) at = o[step];
            else if (at is JsonArray a && Index(a, step, forAdd: false) is { } i) at = a[i];
            else throw Refused();
        }
        return at;
    }

    private static JsonNode? Add(JsonNode? root, string[] path, JsonNode? value)
    {
        if (path.Length == 0) return value;
        switch (Get(root, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject o:
                o[path[^1]] = value;
                return root;
            case JsonArray a when Index(a, path[^1], forAdd: true) is { } i:
                a.Insert(i, value);
                return root;
            default:
                throw Refused();
        }
    }

    private static JsonNode? Remove(JsonNode? root, string[] path, out JsonNode? removed)
    {
        if (path.Length == 0)
        {
            removed = root;
            return null;
        }
        switch (Get(root, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject o when o.ContainsKey(path[^1]):
                removed = o[path[^1]];
                o.Remove(path[^1]);
                return root;
            case JsonArray a when Index(a, path[^1], forAdd: false) is { } i:
                removed = a[i];
                a.RemoveAt(i);
                return root;
            default:
                throw Refused();
        }
    }

    private static int? Index(JsonArray array, string step, bool forAdd)
    {
        if (forAdd && step == "-") return array.Count;
        if (!int.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)) return null;
        if (index < 0) index += array.Count + (forAdd ? 1 : 0);
        return index >= 0 && index < array.Count + (forAdd ? 1 : 0) ? index : null;
    }

    // A real server hides which operation failed, and why.
    private static StatusException Refused() => new(422, "Invalid", "the server rejected our request due to an error in our request", new JsonObject());
}
