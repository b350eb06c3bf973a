using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Handlers;

/// <summary>Custom objects: typed metadata, everything else as the schema says, keys in alphabetical order.</summary>
internal static class CustomCodec
{
    public static (JsonObject Object, IReadOnlyList<string> Unknown) Decode(ApiResource resource, ServedVersion version, JsonObject source)
    {
        var unknown = new List<string>();
        var obj = (JsonObject)JsonText.Sorted(source)!;
        var (metadata, unknownMetadata) = BuiltinCodec.Decode(obj.Object("metadata") ?? [], BuiltinTypes.ObjectMeta);
        unknown.AddRange(unknownMetadata.Select(f => "metadata." + f));
        obj["metadata"] = JsonText.Sorted(metadata);
        return (obj, unknown);
    }

    public static void Validate(ApiResource resource, ServedVersion version, JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (obj.Text("kind") != resource.Kind) errors.Add(FieldError.InvalidText("kind", obj.TextOr("", "kind"), $"must be {resource.Kind}"));
    }
}
