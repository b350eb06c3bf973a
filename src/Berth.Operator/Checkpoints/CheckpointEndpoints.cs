using Berth.Api;
using Berth.Core.Checkpoints;
using Berth.History;
using Berth.Operator.Gateway;
using Berth.Protocol;

namespace Berth.Operator.Checkpoints;

/// <summary>Agents store what their commands saved, and fetch what the next attempt begins with.</summary>
internal sealed class CheckpointEndpoints(AttemptAccess access, HistoryStore store, ILogger<CheckpointEndpoints> log)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/agent/v1/attempts/{attempt}/checkpoints", (HttpContext context, string attempt) => GuardAsync(context, attempt, task => OffersAsync(task, context.RequestAborted)));
        routes.MapGet("/agent/v1/attempts/{attempt}/checkpoints/{digest}", (HttpContext context, string attempt, string digest) => GuardAsync(context, attempt, task => FetchAsync(task, digest, context.RequestAborted)));
        routes.MapPut("/agent/v1/attempts/{attempt}/checkpoints/{number:int}", (HttpContext context, string attempt, int number) => GuardAsync(context, attempt, task => PutAsync(task, attempt, number, context)));
    }

    /// <summary>Checkpoints of a task as the choice sees them, newest first.</summary>
    public static async Task<IReadOnlyList<Checkpoint>> ListAsync(HistoryStore store, string taskUid, CancellationToken cancellationToken) =>
        [.. (await store.ListCheckpointsAsync(taskUid, cancellationToken)).Select(c => new Checkpoint(c.Attempt, c.Number, c.Digest, c.Size))];

    /// <summary>What is wrong with stored bytes; null if they are whole.</summary>
    public static async Task<string?> DamageAsync(HistoryStore store, string digest, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await store.OpenArtifactAsync(digest, cancellationToken);
            if (stream is null) return "its bytes are gone from the database";
            await stream.CopyToAsync(Stream.Null, cancellationToken);
            return null;
        }
        catch (ArtifactMismatchException e)
        {
            return e.Message;
        }
    }

    private async Task<IResult> GuardAsync(HttpContext context, string attempt, Func<TaskResource, Task<IResult>> answer)
    {
        var (task, refusal) = await access.TaskOfAsync(context, attempt);
        if (task is null) return Results.StatusCode(refusal);
        try
        {
            return await answer(task);
        }
        catch (HistoryUnavailableException e)
        {
            context.Response.Headers.RetryAfter = "2";
            return Results.Text(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private async Task<IResult> OffersAsync(TaskResource task, CancellationToken stop)
    {
        var choice = CheckpointChoice.Of(task, await ListAsync(store, task.Metadata.Uid, stop));
        if (choice.Problem is { } problem) return Results.Text(problem, statusCode: StatusCodes.Status404NotFound);
        var offers = new CheckpointOffers { Named = choice.Named, Checkpoints = [.. choice.Candidates.Select(c => new CheckpointOffer { Name = c.Name, Digest = c.Digest, Size = c.Size })] };
        return Results.Json(offers, ProtocolJson.Default.CheckpointOffers);
    }

    private async Task<IResult> FetchAsync(TaskResource task, string digest, CancellationToken stop)
    {
        if (!(await ListAsync(store, task.Metadata.Uid, stop)).Any(c => c.Digest == digest)) return Results.StatusCode(StatusCodes.Status404NotFound);
        // Looked through first: an answer that has begun cannot say any more that it is damaged.
        if (await DamageAsync(store, digest, stop) is { } damage) return Results.Text(damage, statusCode: StatusCodes.Status422UnprocessableEntity);
        return await store.OpenArtifactAsync(digest, stop) is { } bytes ? Results.Stream(bytes, "application/x-tar") : Results.StatusCode(StatusCodes.Status404NotFound);
    }

    private async Task<IResult> PutAsync(TaskResource task, string attempt, int number, HttpContext context)
    {
        var digest = context.Request.Query["digest"].ToString();
        if (task.Spec.Checkpoint is not { } policy || number < 1 || !Digests.IsValid(digest) || context.Request.ContentLength is not { } size) return Results.StatusCode(StatusCodes.Status400BadRequest);
        if (size > ArtifactEndpoints.MaxBytes) return Results.StatusCode(StatusCodes.Status413PayloadTooLarge);
        var record = new CheckpointRecord { TaskUid = task.Metadata.Uid, Attempt = attempt, Number = number, Digest = digest, Size = size };
        try
        {
            await store.PutCheckpointAsync(context.Request.Body, record, policy.Keep, context.RequestAborted);
            return Results.StatusCode(StatusCodes.Status201Created);
        }
        catch (ArtifactMismatchException e)
        {
            log.LogWarning("Checkpoint {Number} of {Attempt} was refused: {Message}", number, attempt, e.Message);
            return Results.Text(e.Message, statusCode: StatusCodes.Status422UnprocessableEntity);
        }
    }
}
