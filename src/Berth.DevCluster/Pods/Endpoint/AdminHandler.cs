using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Pods.Endpoint;

/// <summary>What tests and chaos ask of the runner: who runs where, and every lie a cluster can tell.</summary>
internal static class AdminHandler
{
    public static void Map(WebApplication app, PodRunner runner) =>
        app.MapGet("/admin/pods", context => AnswerAsync(context, 200, Pods(runner)));

    private static JsonArray Pods(PodRunner runner) => runner.Workers.Select(worker => (JsonNode)new JsonObject
    {
        ["namespace"] = worker.Pod.Namespace(),
        ["name"] = worker.Pod.Name(),
        ["uid"] = worker.Pod.Uid(),
        ["node"] = worker.Node.Name,
        ["abandoned"] = worker.IsAbandoned,
        ["containers"] = worker.Containers.Select(container => (JsonNode)new JsonObject
        {
            ["name"] = container.Name,
            ["restartCount"] = container.RestartCount,
            ["containerID"] = container.ContainerId is null ? null : PodContainer.Scheme + container.ContainerId,
            ["pid"] = container.Process?.MainPid,
            ["pids"] = (container.Process?.Pids() ?? []).Select(static pid => (JsonNode)pid).ToJsonArray(),
        }).ToJsonArray(),
    }).ToJsonArray();

    private static async Task AnswerAsync(HttpContext context, int code, JsonNode body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString());
    }
}
