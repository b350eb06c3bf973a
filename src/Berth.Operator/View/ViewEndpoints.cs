using System.Text.Json;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.View;

/// <summary>What the database and this replica know, for the CLI: plan text, output, transitions.</summary>
internal sealed class ViewEndpoints(ClusterCache cache, HistoryStore store, CheckpointViews checkpoints, TimeProvider time)
{
    private static readonly TimeSpan FollowEvery = TimeSpan.FromMilliseconds(300);

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        var task = routes.MapGroup("/view/v1/namespaces/{ns}/tasks/{name}");
        task.MapGet("/plan", (string ns, string name, CancellationToken stop) => Guard(() => PlanAsync(ns, name, stop)));
        task.MapGet("/logs", (string ns, string name, string? attempt, bool? follow, HttpContext context) => Guard(() => LogsAsync(ns, name, attempt, follow ?? false, context)));
        task.MapGet("/checkpoints", (string ns, string name, CancellationToken stop) => Guard(() => checkpoints.ListAsync(ns, name, stop)));
        task.MapGet("/checkpoints/{checkpoint}", (string ns, string name, string checkpoint, CancellationToken stop) => Guard(() => checkpoints.FetchAsync(ns, name, checkpoint, stop)));
        task.MapGet("/history", (string ns, string name, CancellationToken stop) => Guard(() => HistoryAsync(ns, name, stop)));
    }

    private static async Task<IResult> Guard(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (HistoryUnavailableException e)
        {
            return Results.Text($"{e.Message}\n", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private async Task<IResult> PlanAsync(string ns, string name, CancellationToken stop)
    {
        if (cache.Tasks.Get(new ObjectKey(ns, name)) is not { } task) return Missing($"task {ns}/{name} does not exist");
        if (task.Status.Plan is not { } plan) return Missing($"task {name} has no plan; it is {task.Status.Phase}: {task.Status.Message}");
        if (plan.TextDigest is not { } digest) return Missing("this plan has no text");
        var text = await store.OpenArtifactAsync(digest, stop);
        return text is null ? Missing("the plan's text is still on its way to the database; try again in a moment") : Results.Stream(text, "text/plain; charset=utf-8");
    }

    private async Task<IResult> LogsAsync(string ns, string name, string? attempt, bool follow, HttpContext context)
    {
        var task = cache.Tasks.Get(new ObjectKey(ns, name));
        var owner = task?.Metadata.Uid ?? await store.FindTaskAsync(ns, name, context.RequestAborted);
        if (owner is null) return Missing($"nothing is known of task {ns}/{name}");
        // A number is short for the id; an id must be one of this task.
        var asked = attempt is { Length: > 0 } && attempt.All(char.IsAsciiDigit) ? $"{owner}-{attempt}" : attempt;
        if (asked is { Length: > 0 } && (!asked.StartsWith(owner + "-", StringComparison.Ordinal) || (task?.Status.Attempt?.Id != asked && await store.GetLogAsync(asked, context.RequestAborted) is null)))
            return Missing($"task {name} has no output of an attempt {attempt}; its latest attempt is {task?.Status.Attempt?.Id ?? "in 'berth history'"}");
        var id = asked is { Length: > 0 } ? asked : task?.Status.Attempt?.Id;
        id ??= (await store.GetStoryAsync(owner, context.RequestAborted))?.Attempts is [.., var last] ? last.Attempt.Id : null;
        if (id is null) return Missing($"task {ns}/{name} has no attempt yet");
        context.Response.ContentType = "text/plain; charset=utf-8";
        long offset = 0;
        while (true)
        {
            await foreach (var piece in store.ReadLogAsync(id, offset, context.RequestAborted))
            {
                await context.Response.Body.WriteAsync(piece.Bytes, context.RequestAborted);
                offset = piece.Offset + piece.Bytes.Length;
            }
            await context.Response.Body.FlushAsync(context.RequestAborted);
            var state = await store.GetLogAsync(id, context.RequestAborted);
            if (!follow || state is { Complete: true }) return Results.Empty;
            await Task.Delay(FollowEvery, time, context.RequestAborted);
        }
    }

    private async Task<IResult> HistoryAsync(string ns, string name, CancellationToken stop)
    {
        var uid = cache.Tasks.Get(new ObjectKey(ns, name))?.Metadata.Uid ?? await store.FindTaskAsync(ns, name, stop);
        if (uid is null) return Missing($"nothing is known of task {ns}/{name}");
        var entries = await store.GetTransitionsAsync(uid, stop);
        return Results.Json([.. entries], ViewJson.Default.OutboxEntryArray);
    }

    private static IResult Missing(string message) => Results.Text(message + "\n", statusCode: StatusCodes.Status404NotFound);
}
