using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Kubernetes;

/// <summary>The body of a PATCH, of one of the four kinds.</summary>
public sealed record Patch
{
    private Patch(string contentType, ReadOnlyMemory<byte> body) => (ContentType, Body) = (contentType, body);

    /// <summary>Content type, which tells the kind.</summary>
    public string ContentType { get; }

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Whether this is a server-side apply, which needs a field manager.</summary>
    public bool IsApply => ContentType == "application/apply-patch+yaml";

    /// <summary>A JSON merge patch. Put <c>metadata.resourceVersion</c> into it to make it a compare-and-swap.</summary>
    [OverloadResolutionPriority(1)]
    public static Patch Merge(JsonObject body) => new("application/merge-patch+json", Utf8(body));

    /// <summary>A JSON merge patch from bytes.</summary>
    public static Patch Merge(ReadOnlyMemory<byte> body) => new("application/merge-patch+json", body);

    /// <summary>A JSON patch from its operations.</summary>
    public static Patch Json(JsonPatch operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        return new("application/json-patch+json", Utf8(operations.Operations));
    }

    /// <summary>A strategic merge patch; built-in kinds only.</summary>
    public static Patch Strategic(JsonObject body) => new("application/strategic-merge-patch+json", Utf8(body));

    /// <summary>A server-side apply. <c>resourceVersion</c>, <c>managedFields</c> and <c>uid</c> are taken out of the metadata: an applied
    /// configuration must not carry them.</summary>
    public static Patch Apply(JsonObject configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var body = configuration.DeepClone().AsObject();
        if (body["metadata"] is JsonObject metadata)
            foreach (var field in (string[])["resourceVersion", "managedFields", "uid", "creationTimestamp", "generation"]) metadata.Remove(field);
        return new("application/apply-patch+yaml", Utf8(body));
    }

    /// <summary>A server-side apply of a typed object.</summary>
    public static Patch Apply<T>(ResourceType<T> type, T configuration) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        return Apply(JsonSerializer.SerializeToNode(configuration, type.Json)!.AsObject());
    }

    private static byte[] Utf8(JsonNode body) => JsonSerializer.SerializeToUtf8Bytes(body, KubernetesJson.Default.JsonNode);
}
