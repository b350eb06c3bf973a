using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Steer;

/// <summary>One act of a person: the change and the note of who made it are one request, under a field manager of their own.</summary>
internal sealed class Act(ClusterSession session, string verb, string by, string? comment, bool dryRun)
{
    /// <summary>Under this name the API server's own records show what the command line changed.</summary>
    public const string FieldManager = "berth-cli";

    public static async Task<Act> BeginAsync(ClusterSession session, string verb, string? comment, bool dryRun, CancellationToken cancellationToken) =>
        new(session, verb, await session.UserNameAsync(cancellationToken), comment, dryRun);

    public string By { get; } = by;

    public bool IsDryRun => dryRun;

    /// <summary>The note that the latest change left.</summary>
    public ActionNote? Last { get; private set; }

    /// <summary>What is added to a line that says what was done.</summary>
    public string Suffix => dryRun ? " (dry run; nothing changed)" : "";

    /// <summary>Changes an object by a merge patch.</summary>
    /// <param name="type">Its kind.</param>
    /// <param name="key">Its name.</param>
    /// <param name="change">The patch; the note is added to it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <param name="generation">The object's generation when its spec is changed: then the audit knows who made the next one.</param>
    public Task<T> ChangeAsync<T>(ResourceType<T> type, ObjectKey key, JsonObject change, CancellationToken cancellationToken, long? generation = null) where T : class
    {
        var metadata = change["metadata"] as JsonObject ?? [];
        change["metadata"] = metadata;
        var annotations = metadata["annotations"] as JsonObject ?? [];
        metadata["annotations"] = annotations;
        Last = new ActionNote { Id = Guid.CreateVersion7(), Verb = verb, By = By, At = DateTimeOffset.UtcNow, Comment = comment };
        annotations[Names.ActionAnnotation] = Last.ToJson();
        if (generation is { } now) annotations[Names.ChangedByAnnotation] = ChangedBy.Of(By, now);
        return session.Client.PatchAsync(type, key, Patch.Merge(change), options: new() { DryRun = dryRun, FieldManager = FieldManager }, cancellationToken: cancellationToken);
    }

    /// <summary>
    /// Deletes an object, after the note: nobody would find it on an object that is gone. Whatever it changes meanwhile, another object of
    /// that name is left alone.
    /// </summary>
    public async Task DeleteAsync<T>(ResourceType<T> type, ObjectKey key, string uid, CancellationToken cancellationToken) where T : class
    {
        await ChangeAsync(type, key, new() { ["metadata"] = new JsonObject { ["uid"] = uid } }, cancellationToken);
        await session.Client.DeleteAsync(type, key, new() { Uid = uid, DryRun = dryRun }, cancellationToken);
    }

    /// <summary>An annotation as a merge patch; null takes it off.</summary>
    public static JsonObject Annotation(string name, string? value) => new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [name] = value } } };
}
