using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Apply;

/// <summary>Who wrote which field.</summary>
internal static class ManagedFields
{
    /// <summary>Sets the managed fields of an object that a plain write changed.</summary>
    public static void RecordUpdate(Target target, JsonObject old, JsonObject next, string manager, string now)
    {
        if (old.At("metadata", "managedFields") is { } kept) next.Meta()["managedFields"] = kept.DeepClone();
        else next.Meta().Remove("managedFields");
    }

    /// <summary>Sets the managed fields of an object that is only answered, never stored.</summary>
    public static void RecordVirtual(JsonObject obj, FieldType type, string manager, string subresource, string now)
    {
        if (manager.Length + subresource.Length + now.Length == 0 || type.Fields.Count == 0) obj.Meta().Remove("managedFields");
    }
}
