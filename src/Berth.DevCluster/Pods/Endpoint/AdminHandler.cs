using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Pods.Endpoint;

/// <summary>What tests and chaos ask of the runner: who runs where, and every lie a cluster can tell.</summary>
internal static class AdminHandler
{
    public static void Map(WebApplication app, PodRunner runner)
    {
        app.MapGet("/admin/pods", context => AnswerAsync(context, 200, Pods(runner)));
        app.MapGet("/admin/nodes", context => AnswerAsync(context, 200, Nodes(runner)));
        app.MapPost("/admin/nodes/{node}/{verb}", context => GuardAsync(context, () => NodeAsync(context, runner)));
        app.MapPost("/admin/pods/{ns}/{pod}/{verb}", context => GuardAsync(context, () => PodAsync(context, runner)));
    }

    private static async Task NodeAsync(HttpContext context, PodRunner runner)
    {
        string name = Route(context, "node");
        var node = runner.Nodes.FirstOrDefault(item => item.Name == name)
            ?? throw new KeyNotFoundException($"this runner has no node {name}; it has {string.Join(", ", runner.Nodes.Select(static item => item.Name))}");
        var lies = new NodeLies(runner, node);
        await (Route(context, "verb") switch
        {
            "silence" => lies.SilenceAsync(),
            "resume" => lies.ResumeAsync(),
            "reboot" => lies.RebootAsync(),
            "remove" => lies.RemoveAsync(alive: Alive(context)),
            var other => throw new ArgumentException($"a node cannot '{other}'; try silence, resume, reboot or remove"),
        });
    }

    private static async Task PodAsync(HttpContext context, PodRunner runner)
    {
        string ns = Route(context, "ns"), name = Route(context, "pod");
        string? uid = Query(context, "uid");
        PodWorker worker = runner.Workers.Where(item => item.Pod.Namespace() == ns && item.Pod.Name() == name && (uid is null || item.Pod.Uid() == uid))
            .OrderBy(static item => item.IsAbandoned).FirstOrDefault() ?? throw new KeyNotFoundException($"no pod {ns}/{name} runs here");
        var lies = new PodLies(runner.Host, worker, Query(context, "container"));
        await (Route(context, "verb") switch
        {
            "kill" => lies.SignalAsync(int.Parse(Query(context, "signal") ?? "9", System.Globalization.CultureInfo.InvariantCulture)),
            "restart" => lies.RestartAsync(),
            "freeze" => lies.FreezeAsync(frozen: true),
            "thaw" => lies.FreezeAsync(frozen: false),
            "force-delete" => lies.ForceDeleteAsync(alive: Alive(context)),
            "evict" => lies.EvictAsync(byNode: Query(context, "by") != "api"),
            "fail" => lies.FailAsync(alive: Alive(context)),
            var other => throw new ArgumentException($"a pod cannot '{other}'; try kill, restart, freeze, thaw, force-delete, evict or fail"),
        });
    }

    private static async Task GuardAsync(HttpContext context, Func<Task> work)
    {
        try
        {
            await work();
            await AnswerAsync(context, 200, new JsonObject { ["done"] = true });
        }
        catch (KeyNotFoundException missing)
        {
            await AnswerAsync(context, 404, new JsonObject { ["message"] = missing.Message });
        }
        catch (Exception wrong) when (wrong is ArgumentException or FormatException)
        {
            await AnswerAsync(context, 400, new JsonObject { ["message"] = wrong.Message });
        }
        catch (ApiException refused)
        {
            await AnswerAsync(context, (int)refused.Code, new JsonObject { ["message"] = refused.Message });
        }
    }

    private static JsonArray Nodes(PodRunner runner) => runner.Nodes.Select(node => (JsonNode)new JsonObject
    {
        ["name"] = node.Name,
        ["bootID"] = node.BootId,
        ["silent"] = node.IsSilent,
        ["gone"] = node.IsGone,
    }).ToJsonArray();

    private static JsonArray Pods(PodRunner runner) => runner.Workers.Select(worker => (JsonNode)new JsonObject
    {
        ["namespace"] = worker.Pod.Namespace(),
        ["name"] = worker.Pod.Name(),
        ["uid"] = worker.Pod.Uid(),
        ["node"] = worker.Node.Name,
        ["abandoned"] = worker.IsAbandoned,
        ["directory"] = worker.Folder,
        ["containers"] = worker.Containers.Select(Container).ToJsonArray(),
    }).ToJsonArray();

    private static JsonObject Container(PodContainer container)
    {
        Containers.ContainerProcess? process = container.Process;
        bool running = process is { Exited.IsCompleted: false };
        return new JsonObject
        {
            ["name"] = container.Name,
            ["restartCount"] = container.RestartCount,
            ["containerID"] = container.ContainerId is null ? null : PodContainer.Scheme + container.ContainerId,
            ["pid"] = running ? process!.MainPid : null,
            ["pids"] = (running ? process!.Pids() : []).Select(static pid => (JsonNode)pid).ToJsonArray(),
        };
    }

    private static bool Alive(HttpContext context) => (Query(context, "processes") ?? "alive") switch
    {
        "alive" => true,
        "dead" => false,
        var other => throw new ArgumentException($"processes is alive or dead, not '{other}'"),
    };

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static string? Query(HttpContext context, string name) => context.Request.Query[name].FirstOrDefault();

    private static async Task AnswerAsync(HttpContext context, int code, JsonNode body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString() + "\n");
    }
}
