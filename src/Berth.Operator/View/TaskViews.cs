using System.Text.Json;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.View;

/// <summary>What the database and this replica know of one task: plan text, output, transitions.</summary>
internal sealed class TaskViews(ClusterCache cache, HistoryStore store, CheckpointViews checkpoints, TimeProvider time)
{
    private static readonly TimeSpan FollowEvery = TimeSpan.FromMilliseconds(300);

    /// <summary>The subresources of a task that are served.</summary>
    public static IReadOnlyList<string> Subresources { get; } = ["checkpoints", "history", "log", "plan"];

    /// <summary>One of them.</summary>
    public Task<IResult> AnswerAsync(string ns, string name, string subresource, HttpContext context) => GuardedAsync(() => subresource switch
    {
        "plan" => PlanAsync(ns, name, context.RequestAborted),
        "history" => HistoryAsync(ns, name, context.RequestAborted),
        "log" => LogAsync(ns, name, context),
        "checkpoints" => checkpoints.ListAsync(ns, name, context.RequestAborted),
        _ => Task.FromResult(ViewStatus.Missing($"a task has no {subresource}; there are {string.Join(", ", Subresources)}", name)),
    });

    /// <summary>The bytes of one checkpoint.</summary>
    public Task<IResult> CheckpointAsync(string ns, string name, string checkpoint, HttpContext context) => GuardedAsync(() => checkpoints.FetchAsync(ns, name, checkpoint, context.RequestAborted));

    private static async Task<IResult> GuardedAsync(Func<Task<IResult>> answer)
    {
        try
        {
            return await answer();
        }
        catch (HistoryUnavailableException e)
        {
            return ViewStatus.Of(StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable", $"the database does not answer: {e.Message}");
        }
    }

    private async Task<IResult> PlanAsync(string ns, string name, CancellationToken stop)
    {
        if (cache.Tasks.Get(new ObjectKey(ns, name)) is not { } task) return ViewStatus.Missing($"There is no task '{name}' in namespace '{ns}'.", name);
        if (task.Status.Plan is not { } plan) return ViewStatus.Missing($"Task '{name}' has no plan: it is {task.Status.Phase}: {task.Status.Message}", name);
        if (plan.TextDigest is not { } digest) return ViewStatus.Missing("This plan has no text.", name);
        var text = await store.OpenArtifactAsync(digest, stop);
        return text is null ? ViewStatus.Missing("The plan's text is still on its way to the database; try again in a moment.", name) : Results.Stream(text, "text/plain; charset=utf-8");
    }

    private async Task<IResult> LogAsync(string ns, string name, HttpContext context)
    {
        var attempt = context.Request.Query["attempt"].ToString();
        var follow = context.Request.Query["follow"].ToString() == "true";
        var task = cache.Tasks.Get(new ObjectKey(ns, name));
        var owner = task?.Metadata.Uid ?? await store.FindTaskAsync(ns, name, context.RequestAborted);
        if (owner is null) return ViewStatus.Missing($"Nothing is known of a task '{name}' in namespace '{ns}'.", name);
        // A number is short for the id; an id must be one of this task.
        var asked = attempt.Length > 0 && attempt.All(char.IsAsciiDigit) ? $"{owner}-{attempt}" : attempt;
        if (asked.Length > 0 && (!asked.StartsWith(owner + "-", StringComparison.Ordinal) || (task?.Status.Attempt?.Id != asked && await store.GetLogAsync(asked, context.RequestAborted) is null)))
            return ViewStatus.Missing($"Task '{name}' has no output of an attempt {attempt}; its latest attempt is {task?.Status.Attempt?.Id ?? "in 'berth history'"}.", name);
        var id = asked.Length > 0 ? asked : task?.Status.Attempt?.Id;
        id ??= (await store.GetStoryAsync(owner, context.RequestAborted))?.Attempts is [.., var last] ? last.Attempt.Id : null;
        if (id is null) return ViewStatus.Missing($"Task '{name}' in namespace '{ns}' has no attempt yet.", name);
        await StreamAsync(id, follow, context);
        return Results.Empty;
    }

    private async Task StreamAsync(string attempt, bool follow, HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        for (long offset = 0; ;)
        {
            // Asked before reading: what is appended between the two is then read in another round.
            var state = await store.GetLogAsync(attempt, context.RequestAborted);
            await foreach (var piece in store.ReadLogAsync(attempt, offset, context.RequestAborted))
            {
                await context.Response.Body.WriteAsync(piece.Bytes, context.RequestAborted);
                offset = piece.Offset + piece.Bytes.Length;
            }
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (!follow || state is { Complete: true }) return;
            await Task.Delay(FollowEvery, time, context.RequestAborted);
        }
    }

    private async Task<IResult> HistoryAsync(string ns, string name, CancellationToken stop)
    {
        var uid = cache.Tasks.Get(new ObjectKey(ns, name))?.Metadata.Uid ?? await store.FindTaskAsync(ns, name, stop);
        if (uid is null) return ViewStatus.Missing($"Nothing is known of a task '{name}' in namespace '{ns}'.", name);
        var entries = await store.GetTransitionsAsync(uid, stop);
        return Results.Json([.. entries], ViewJson.Default.OutboxEntryArray);
    }
}
