using Berth.Core.Checkpoints;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Checkpoints;
using Berth.Operator.Cluster;

namespace Berth.Operator.View;

/// <summary>A checkpoint as people see it.</summary>
/// <param name="Name">Number of the attempt, dash, number within it.</param>
/// <param name="Attempt">Id of the attempt.</param>
/// <param name="Number">Number within the attempt.</param>
/// <param name="Digest">Digest of its bytes.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="CreatedAt">When it was stored.</param>
internal sealed record CheckpointView(string Name, string Attempt, int Number, string Digest, long Size, DateTimeOffset CreatedAt);

/// <summary>Time travel: the checkpoints of a task that are kept, and the bytes of any of them.</summary>
internal sealed class CheckpointViews(ClusterCache cache, HistoryStore store)
{
    /// <summary>All of a task, newest first.</summary>
    public async Task<IResult> ListAsync(string ns, string name, CancellationToken stop)
    {
        if (await FindAsync(ns, name, stop) is not { } uid) return Missing($"nothing is known of task {ns}/{name}");
        return Results.Json([.. (await store.ListCheckpointsAsync(uid, stop)).Select(View)], ViewJson.Default.CheckpointViewArray);
    }

    /// <summary>The bytes of one, as a tar.</summary>
    public async Task<IResult> FetchAsync(string ns, string name, string checkpoint, CancellationToken stop)
    {
        if (await FindAsync(ns, name, stop) is not { } uid) return Missing($"nothing is known of task {ns}/{name}");
        var kept = (await store.ListCheckpointsAsync(uid, stop)).Select(View).ToList();
        var wanted = checkpoint == CheckpointChoice.Latest ? kept.FirstOrDefault() : kept.Find(c => c.Name == checkpoint);
        if (wanted is null) return Missing($"task {name} has no checkpoint {checkpoint}; there {(kept.Count == 1 ? "is" : "are")} {(kept.Count == 0 ? "none" : string.Join(", ", kept.Select(c => c.Name)))}");
        if (await CheckpointEndpoints.DamageAsync(store, wanted.Digest, stop) is { } damage) return ViewStatus.Of(StatusCodes.Status422UnprocessableEntity, "Invalid", $"checkpoint {wanted.Name} is damaged: {damage}", "tasks", name);
        return await store.OpenArtifactAsync(wanted.Digest, stop) is { } bytes ? Results.Stream(bytes, "application/x-tar", $"{name}-{wanted.Name}.tar") : Missing($"checkpoint {wanted.Name} was removed a moment ago");
    }

    private async Task<string?> FindAsync(string ns, string name, CancellationToken stop) =>
        cache.Tasks.Get(new ObjectKey(ns, name))?.Metadata.Uid ?? await store.FindTaskAsync(ns, name, stop);

    private static CheckpointView View(CheckpointRecord c) => new(new Checkpoint(c.Attempt, c.Number, c.Digest, c.Size).Name, c.Attempt, c.Number, c.Digest, c.Size, c.CreatedAt);

    private static IResult Missing(string message) => ViewStatus.Missing(message);
}
