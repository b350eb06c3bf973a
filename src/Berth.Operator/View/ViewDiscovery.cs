using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Operator.History;
using Berth.Operator.View.Tables;

namespace Berth.Operator.View;

/// <summary>What the aggregated API says of itself.</summary>
internal static class ViewDiscovery
{
    private const string GroupVersion = $"{Names.ViewGroup}/{Names.Version}";

    /// <summary>Documents by path.</summary>
    public static IReadOnlyList<(string Path, Func<JsonObject> Document)> Documents { get; } =
    [
        ("/apis", () => new() { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray(Group()) }),
        ($"/apis/{Names.ViewGroup}", Group),
        ($"/apis/{GroupVersion}", Resources),
        ("/openapi/v2", () => new() { ["swagger"] = "2.0", ["info"] = Info(), ["paths"] = new JsonObject(), ["definitions"] = new JsonObject() }),
        ("/openapi/v3", () => new() { ["paths"] = new JsonObject() }),
    ];

    private static JsonObject Info() => new() { ["title"] = "Berth views", ["version"] = Names.Version };

    private static JsonObject Group()
    {
        JsonObject Version() => new() { ["groupVersion"] = GroupVersion, ["version"] = Names.Version };
        return new() { ["kind"] = "APIGroup", ["apiVersion"] = "v1", ["name"] = Names.ViewGroup, ["versions"] = new JsonArray(Version()), ["preferredVersion"] = Version() };
    }

    private static JsonObject Resources() => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = GroupVersion,
        ["resources"] = new JsonArray([Task("tasks", "QueuePosition"), .. TaskViews.Subresources.Select(s => Task("tasks/" + s, "TaskView")), .. HistoryViews.Names.Select(History), .. ViewKinds.All.Select(k => (JsonNode)k.Discovery())]),
    };

    // Answers about more than one task, as one document. Kinds of their own: kubectl finds a resource again by its kind.
    private static JsonNode History(string name) => new JsonObject { ["name"] = name, ["singularName"] = name, ["namespaced"] = true, ["kind"] = $"{char.ToUpperInvariant(name[0])}{name[1..]}View", ["verbs"] = new JsonArray("list") };

    private static JsonNode Task(string name, string kind) => new JsonObject { ["name"] = name, ["singularName"] = name == "tasks" ? "task" : "", ["namespaced"] = true, ["kind"] = kind, ["verbs"] = new JsonArray("get") };
}
