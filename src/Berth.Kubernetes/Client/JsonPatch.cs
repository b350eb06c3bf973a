using System.Text.Json.Nodes;

namespace Berth.Kubernetes;

/// <summary>Builds a JSON patch (RFC 6902). Begin with a test of what the decision was based on.</summary>
public sealed class JsonPatch
{
    internal JsonArray Operations { get; } = [];

    /// <summary>Fails the whole patch unless the value is there.</summary>
    public JsonPatch Test(string path, JsonNode? value) => Append("test", path, value);

    /// <summary>Fails the whole patch unless the object still has this resourceVersion.</summary>
    public JsonPatch TestResourceVersion(string resourceVersion) => Test("/metadata/resourceVersion", resourceVersion);

    /// <summary>Adds a member, or inserts into a list.</summary>
    public JsonPatch Add(string path, JsonNode? value) => Append("add", path, value);

    /// <summary>Replaces a value that must be there.</summary>
    public JsonPatch Replace(string path, JsonNode? value) => Append("replace", path, value);

    /// <summary>Removes a value that must be there.</summary>
    public JsonPatch Remove(string path)
    {
        Operations.Add((JsonNode)new JsonObject { ["op"] = "remove", ["path"] = path });
        return this;
    }

    /// <summary>A path segment with <c>~</c> and <c>/</c> escaped.</summary>
    public static string Escape(string segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        return segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }

    private JsonPatch Append(string operation, string path, JsonNode? value)
    {
        Operations.Add((JsonNode)new JsonObject { ["op"] = operation, ["path"] = path, ["value"] = value });
        return this;
    }
}
