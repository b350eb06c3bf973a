using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Resources;

/// <summary>Shows stored objects in the version a client asked for, and back. Custom kinds only change their apiVersion.</summary>
internal static class Conversions
{
    private static readonly (string Core, string Group)[] EventFields =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    public static JsonObject To(ServedVersion target, ServedVersion source, JsonObject obj)
    {
        if (target.ApiVersion == source.ApiVersion) return obj;
        obj["apiVersion"] = target.ApiVersion;
        return target.Group == "events.k8s.io" ? Renamed(obj, e => (e.Core, e.Group))
            : source.Group == "events.k8s.io" ? Renamed(obj, e => (e.Group, e.Core))
            : obj;
    }

    private static JsonObject Renamed(JsonObject obj, Func<(string Core, string Group), (string From, string To)> direction)
    {
        var names = EventFields.Select(direction).ToDictionary(n => n.From, n => n.To);
        var result = new JsonObject();
        foreach (var (key, value) in obj) result[names.GetValueOrDefault(key, key)] = value?.DeepClone();
        return result;
    }
}
