using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;

namespace Berth.Core.Pools;

/// <summary>What a pool's template must have and must not have. Whatever else is wrong with it the API server's dry run tells.</summary>
internal static class TemplateRules
{
    private static readonly string[] RefusedOnTask = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];

    /// <summary>The first problem in words, or null.</summary>
    public static string? Check(JsonObject spec)
    {
        if (NotALists(spec) is { } wrong) return wrong;
        if (spec["containers"] is not JsonArray containers) return "spec.template.spec.containers is missing; it needs a container named task";
        if (containers.OfType<JsonObject>().FirstOrDefault(c => NameOf(c) == Names.TaskContainer) is not { } task) return "spec.template.spec.containers has no container named task; name the one in which commands run so";
        foreach (var list in new[] { "env", "volumeMounts", "ports" })
            if (Kind(task[list]) is { } kind and not "list") return $"{list} of container task is {kind}; it must be a list";
        if (spec["hostPID"] is JsonValue hostPid && hostPid.TryGetValue(out bool host) && host) return "hostPID is refused: slots could reach each other's processes";
        if (spec["shareProcessNamespace"] is JsonValue share && share.TryGetValue(out bool shared) && shared) return "shareProcessNamespace is refused: slots could reach each other's processes";
        if (Array.Find(RefusedOnTask, task.ContainsKey) is { } field) return $"container task has {field}, which is refused: the runner is its first process, not your command";
        if ((task["ports"] as JsonArray)?.OfType<JsonObject>().Any(p => p.ContainsKey("hostPort")) == true) return "container task has a hostPort, which cannot be stamped more than once; remove it";
        if ((task["volumeMounts"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(m => !IsReadOnly(m)) is { } mount)
            return $"container task mounts volume {mount["name"]} writable, which all slots would share; set readOnly: true, or keep state outside the pod";
        return NamesOfOurs(spec, containers) ?? WhatIsTheAgents(spec, containers);
    }

    /// <summary>Token, journal and sockets are the agent's alone, and nobody else may pass for it.</summary>
    private static string? WhatIsTheAgents(JsonObject spec, JsonArray containers)
    {
        foreach (var container in containers.Concat(spec["initContainers"] as JsonArray ?? []).OfType<JsonObject>())
            if ((container["volumeMounts"] as JsonArray)?.OfType<JsonObject>().Select(NameOf).FirstOrDefault(n => n.StartsWith("berth-", StringComparison.Ordinal)) is { } mounted)
                return $"container {NameOf(container)} mounts volume {mounted}, which is Berth's: token, journal and sockets belong to the agent alone";
        foreach (var volume in (spec["volumes"] as JsonArray ?? []).OfType<JsonObject>())
            if ((volume["projected"]?["sources"] as JsonArray)?.Any(s => s?["serviceAccountToken"]?["audience"] is JsonValue audience && audience.TryGetValue(out string? name) && name == Names.TokenAudience) == true)
                return $"volume {NameOf(volume)} asks for a token of audience {Names.TokenAudience}, with which a command could pass for the agent";
        return null;
    }

    private static string? NotALists(JsonObject spec)
    {
        foreach (var list in new[] { "containers", "initContainers", "volumes" })
            if (Kind(spec[list]) is { } kind and not "list") return $"spec.template.spec.{list} is {kind}; it must be a list";
        return null;
    }

    private static string? Kind(JsonNode? node) => node switch { null => null, JsonArray => "list", JsonObject => "an object", JsonValue v when v.GetValueKind() == JsonValueKind.String => "a string", _ => "a number or flag" };

    /// <summary>The name; empty where it is no text.</summary>
    internal static string NameOf(JsonObject named) => named["name"] is JsonValue value && value.TryGetValue(out string? name) ? name : "";

    private static bool IsReadOnly(JsonObject mount) => mount["readOnly"] is JsonValue value && value.TryGetValue(out bool readOnly) && readOnly;

    private static string? NamesOfOurs(JsonObject spec, JsonArray containers)
    {
        var names = containers.Concat(spec["initContainers"] as JsonArray ?? []).Concat(spec["volumes"] as JsonArray ?? []).OfType<JsonObject>().Select(o => NameOf(o));
        var taken = names.FirstOrDefault(n => n.StartsWith("berth-", StringComparison.Ordinal) || n.StartsWith("slot-", StringComparison.Ordinal));
        return taken is null ? null : $"the name {taken} is kept for Berth; names that begin with berth- or slot- cannot be used in the template";
    }
}
