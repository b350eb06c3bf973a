using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Handlers;

/// <summary>Brings an object into the one form in which it is stored: declared, defaulted, in order.</summary>
internal static class KindCodec
{
    /// <exception cref="DecodeException">A value does not fit its declared type.</exception>
    public static (JsonObject Object, IReadOnlyList<string> Unknown) Decode(ApiResource resource, ServedVersion version, JsonObject source)
    {
        if (resource.Custom is not null) return CustomCodec.Decode(version, source);
        var (obj, unknown) = BuiltinCodec.Decode(source, version.Type);
        resource.Strategy.Default(obj);
        // Defaults may have been put at the end: decode once more for the declared order.
        return (BuiltinCodec.Decode(obj, version.Type).Object, unknown);
    }

    /// <summary>The form in which an object is stored, after the server has set fields of its own.</summary>
    public static JsonObject Ordered(ApiResource resource, ServedVersion version, JsonObject obj) =>
        resource.Custom is not null ? (JsonObject)JsonText.Sorted(obj)! : BuiltinCodec.Decode(obj, version.Type).Object;

    /// <summary>What the object is compared with when it is first written.</summary>
    public static JsonObject Blank(ApiResource resource, ServedVersion version) =>
        resource.Custom is not null ? new JsonObject { ["apiVersion"] = version.ApiVersion, ["kind"] = resource.Kind } : BuiltinCodec.Zero(version.Type);
}
