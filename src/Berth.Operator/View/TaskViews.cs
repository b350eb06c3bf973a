using System.Globalization;
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
    private static readonly TimeSpan RestArrivesWithin = TimeSpan.FromSeconds(5);

    /// <summary>The subresources of a task that are served.</summary>
    public static IReadOnlyList<string> Subresources { get; } = ["checkpoints", "history", "log", "plan", "story"];

    /// <summary>One of them.</summary>
    public Task<IResult> AnswerAsync(string ns, string name, string subresource, HttpContext context) => GuardedAsync(() => subresource switch
    {
        "plan" => PlanAsync(ns, name, context.RequestAborted),
        "history" => HistoryAsync(ns, name, context.RequestAborted),
        "log" => LogAsync(ns, name, context),
        "story" => StoryAsync(ns, name, context),
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
        // A task that is gone is still known to the database, and so is its plan.
        var status = cache.Tasks.Get(new ObjectKey(ns, name))?.Status ?? (await store.FindTaskAsync(ns, name, stop) is { } uid ? (await store.GetStoryAsync(uid, stop))?.Status : null);
        if (status is null) return ViewStatus.Missing($"There is no task '{name}' in namespace '{ns}', and the history knows none.", name);
        if (status.Plan is not { } plan) return ViewStatus.Missing($"Task '{name}' has no plan: it is {status.Phase}: {status.Message}", name);
        if (plan.TextDigest is not { } digest) return ViewStatus.Missing("This plan has no text.", name);
        var text = await store.OpenArtifactAsync(digest, stop);
        return text is null ? ViewStatus.Missing("The plan's text is still on its way to the database; try again in a moment.", name) : Results.Stream(text, "text/plain; charset=utf-8");
    }

    private async Task<IResult> LogAsync(string ns, string name, HttpContext context)
    {
        var attempt = context.Request.Query["attempt"].ToString();
        var follow = context.Request.Query["follow"].ToString() == "true";
        var from = context.Request.Query["offset"].ToString();
        if (!long.TryParse(from.Length > 0 ? from : "0", NumberStyles.None, CultureInfo.InvariantCulture, out var offset)) return ViewStatus.Of(StatusCodes.Status400BadRequest, "BadRequest", $"offset: '{from}' is no number of bytes");
        var task = cache.Tasks.Get(new ObjectKey(ns, name));
        var owner = task?.Metadata.Uid ?? await store.FindTaskAsync(ns, name, context.RequestAborted);
        // One that a restore made again and that has not run since: what it printed is kept under the uid of before.
        if (task is { Status.Attempt: null } && task.Metadata.Annotations?.GetValueOrDefault(Names.RestoredFromAnnotation) is { } before && (await store.GetStoryAsync(before, context.RequestAborted))?.Task.Namespace == ns) owner = before;
        if (owner is null) return ViewStatus.Missing($"Nothing is known of a task '{name}' in namespace '{ns}'.", name);
        // A number is short for the id; an id must be one of this task.
        var asked = attempt.Length > 0 && attempt.All(char.IsAsciiDigit) ? $"{owner}-{attempt}" : attempt;
        if (asked.Length > 0 && (!asked.StartsWith(owner + "-", StringComparison.Ordinal) || (task?.Status.Attempt?.Id != asked && await store.GetLogAsync(asked, context.RequestAborted) is null)))
            return ViewStatus.Missing($"Task '{name}' has no output of an attempt {attempt}; its latest attempt is {task?.Status.Attempt?.Id ?? "in 'berth history'"}.", name);
        var id = asked.Length > 0 ? asked : task?.Status.Attempt?.Id;
        id ??= (await store.GetStoryAsync(owner, context.RequestAborted))?.Attempts is [.., var last] ? last.Attempt.Id : null;
        if (id is null) return ViewStatus.Missing($"Task '{name}' in namespace '{ns}' has no attempt yet.", name);
        await StreamAsync(id, () => OverSince(ns, name, id), offset, follow, context);
        return Results.Empty;
    }

    /// <summary>Since when an attempt has been over, as far as its task tells; null while it may go on.</summary>
    private DateTimeOffset? OverSince(string ns, string name, string attempt) => cache.Tasks.Get(new ObjectKey(ns, name))?.Status switch
    {
        { Attempt: { } latest } status when latest.Id == attempt => latest.EndedAt ?? (status.Loss is { Fenced: true } loss ? loss.Since : null),
        _ => DateTimeOffset.MinValue,
    };

    private async Task StreamAsync(string attempt, Func<DateTimeOffset?> overSince, long offset, bool follow, HttpContext context)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        while (true)
        {
            // Asked before reading: what is appended between the two is then read in another round.
            var (state, before) = (await store.GetLogAsync(attempt, context.RequestAborted), offset);
            await foreach (var piece in store.ReadLogAsync(attempt, offset, context.RequestAborted))
            {
                await context.Response.Body.WriteAsync(piece.Bytes, context.RequestAborted);
                offset = piece.Offset + piece.Bytes.Length;
            }
            await context.Response.Body.FlushAsync(context.RequestAborted);
            // An attempt whose agent died with it never says that this was all.
            var cutOff = state is not { Complete: true } && (!follow || offset == before) && overSince() is { } since && time.GetUtcNow() - since > RestArrivesWithin;
            if (!follow || cutOff || state is { Complete: true })
            {
                if (cutOff && state is not null) await context.Response.WriteAsync("\n[berth: the attempt is over, and its agent did not deliver the end of its output]\n", context.RequestAborted);
                if (state is { Truncated: true }) await context.Response.WriteAsync($"\n[berth: {state.Received - state.Stored + state.Dropped} bytes of output beyond the first {state.Stored} are not kept]\n", context.RequestAborted);
                return;
            }
            await Task.Delay(FollowEvery, time, context.RequestAborted);
        }
    }

    /// <summary>Everything known of a task; of an older one of that name by its uid.</summary>
    private async Task<IResult> StoryAsync(string ns, string name, HttpContext context)
    {
        var task = cache.Tasks.Get(new ObjectKey(ns, name));
        var asked = context.Request.Query["uid"].ToString();
        string?[] candidates = asked.Length > 0 ? [asked] : [task?.Metadata.Uid, task?.Metadata.Annotations?.GetValueOrDefault(Names.RestoredFromAnnotation), await store.FindTaskAsync(ns, name, context.RequestAborted)];
        foreach (var uid in candidates.OfType<string>())
            // A uid of another task is none of this path's business: access is decided by namespace.
            if (await store.GetStoryAsync(uid, context.RequestAborted) is { } story && story.Task.Namespace == ns) return Results.Text(JsonSerializer.Serialize(story, HistoryJson.Default.TaskStory), "application/json");
        return ViewStatus.Missing($"Nothing is known of a task '{name}' in namespace '{ns}'{(asked.Length > 0 ? $" with uid {asked}" : "")}.", name);
    }

    private async Task<IResult> HistoryAsync(string ns, string name, CancellationToken stop)
    {
        var uid = cache.Tasks.Get(new ObjectKey(ns, name))?.Metadata.Uid ?? await store.FindTaskAsync(ns, name, stop);
        if (uid is null) return ViewStatus.Missing($"Nothing is known of a task '{name}' in namespace '{ns}'.", name);
        var entries = await store.GetTransitionsAsync(uid, stop);
        return Results.Json([.. entries], ViewJson.Default.OutboxEntryArray);
    }
}
