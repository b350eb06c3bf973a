using System.Globalization;
using System.Text;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Pods.Endpoint;

/// <summary>Serves <c>/containerLogs/NAMESPACE/POD/CONTAINER</c> with the kubelet's query parameters.</summary>
internal static class LogHandler
{
    public static void Map(WebApplication app, PodRunner runner) =>
        app.Map("/containerLogs/{ns}/{pod}/{container}", context => ServeAsync(context, runner));

    private static async Task ServeAsync(HttpContext context, PodRunner runner)
    {
        string ns = (string)context.Request.RouteValues["ns"]!, name = (string)context.Request.RouteValues["pod"]!;
        PodContainer? container = runner.Workers
            .FirstOrDefault(worker => worker.Pod.Namespace() == ns && worker.Pod.Name() == name)?.Containers
            .FirstOrDefault(item => item.Name == (string)context.Request.RouteValues["container"]!);
        bool previous = Flag(context, "previous");
        if (container is null)
        {
            await RefuseAsync(context, 404, $"container not found in pod {name} of namespace {ns}, or the pod is not here");
            return;
        }

        // While it waits to be started again, the log of the run that ended is the current one.
        if ((previous ? container.PreviousLog : container.Log) is not { } log)
        {
            await RefuseAsync(context, 400, previous
                ? $"previous terminated container \"{container.Name}\" in pod \"{name}\" not found"
                : $"container \"{container.Name}\" in pod \"{name}\" is waiting to start: {(container.State as ContainerState.Waiting)?.Reason}");
            return;
        }

        context.Response.ContentType = "text/plain";
        var query = new LogQuery(
            Flag(context, "follow"), Flag(context, "timestamps"), Number(context, "tailLines"), Number(context, "limitBytes"), Since(context));
        await context.Response.StartAsync();
        await LogReader.CopyAsync(log, query, context.Response.Body, context.RequestAborted);
    }

    private static async Task RefuseAsync(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "text/plain";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(message + "\n"));
    }

    private static DateTimeOffset? Since(HttpContext context) => Number(context, "sinceSeconds") is { } seconds
        ? DateTimeOffset.UtcNow.AddSeconds(-seconds)
        : DateTimeOffset.TryParse(context.Request.Query["sinceTime"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static bool Flag(HttpContext context, string name) => context.Request.Query[name].ToString() is "true" or "1" or "True";

    private static long? Number(HttpContext context, string name) =>
        long.TryParse(context.Request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;
}
