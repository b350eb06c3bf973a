using Berth.Api;
using Berth.History;
using Berth.Operator.History;

namespace Berth.Operator.Gateway;

/// <summary>Big bytes beside the connection: an agent stores what its own attempts made, and fetches what they are told to restore.</summary>
internal sealed class ArtifactEndpoints(AttemptAccess access, HistoryStore store, PlanStore plans, TimeProvider time, ILogger<ArtifactEndpoints> log)
{
    /// <summary>Largest upload.</summary>
    internal const long MaxBytes = 512L * 1024 * 1024;

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPut("/agent/v1/attempts/{attempt}/artifacts/{digest}", PutAsync);
        routes.MapGet("/agent/v1/attempts/{attempt}/artifacts/{digest}", GetAsync);
    }

    private async Task<IResult> PutAsync(HttpContext context, string attempt, string digest)
    {
        var (task, refusal) = await access.TaskOfAsync(context, attempt);
        if (task is null) return Results.StatusCode(refusal);
        if (!Digests.IsValid(digest) || context.Request.ContentLength is not { } size || size > MaxBytes) return Results.StatusCode(StatusCodes.Status400BadRequest);
        var kind = context.Request.Query["kind"].ToString() switch { "text" => ArtifactKinds.PlanText, "artifact" => ArtifactKinds.Plan, _ => ArtifactKinds.File };
        var link = new ArtifactLink { TaskUid = task.Metadata.Uid, Attempt = attempt, Kind = kind, Path = context.Request.Query["path"].ToString(), Digest = digest, Size = size, CreatedAt = time.GetUtcNow() };
        try
        {
            var isNew = await store.PutArtifactAsync(context.Request.Body, link, context.RequestAborted);
            plans.Took(attempt, digest);
            return Results.StatusCode(isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
        }
        catch (ArtifactMismatchException e)
        {
            log.LogWarning("Artifact {Digest} of {Attempt} was refused: {Message}", digest, attempt, e.Message);
            return Results.Text(e.Message, statusCode: StatusCodes.Status422UnprocessableEntity);
        }
        catch (HistoryUnavailableException e)
        {
            context.Response.Headers.RetryAfter = "2";
            return Results.Text(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private async Task<IResult> GetAsync(HttpContext context, string attempt, string digest)
    {
        var (task, refusal) = await access.TaskOfAsync(context, attempt);
        if (task is null) return Results.StatusCode(refusal);
        if (task.Status.Plan?.Artifacts?.Any(a => a.Digest == digest) != true) return Results.StatusCode(StatusCodes.Status404NotFound);
        try
        {
            var stream = await store.OpenArtifactAsync(digest, context.RequestAborted);
            return stream is null ? Results.StatusCode(StatusCodes.Status404NotFound) : Results.Stream(stream, "application/octet-stream");
        }
        catch (HistoryUnavailableException e)
        {
            context.Response.Headers.RetryAfter = "2";
            return Results.Text(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
