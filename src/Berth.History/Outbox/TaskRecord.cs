using Berth.Api;

namespace Berth.History;

/// <summary>A task as it is kept: identity, spec, and its status when the batch was made.</summary>
public sealed record TaskRecord
{
    /// <summary>Uid.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>When the resource was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its deletion was asked for, if it was.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Spec; workspace, pool, type and requester are read from it.</summary>
    public TaskSpec Spec { get; init; } = new();

    /// <summary>Status, without the outbox's entries (they are rows of their own).</summary>
    public Api.TaskStatus Status { get; init; } = new();

    /// <summary>Takes a record from a resource. Entries of the outbox are left out.</summary>
    public static TaskRecord From(TaskResource task) => new()
    {
        Uid = task.Metadata.Uid,
        Namespace = task.Metadata.Namespace ?? "",
        Name = task.Metadata.Name,
        CreatedAt = task.Metadata.CreationTimestamp ?? (task.Status.History.Entries is [var first, ..] ? first.At : DateTimeOffset.UnixEpoch),
        DeletedAt = task.Metadata.DeletionTimestamp,
        Spec = task.Spec,
        Status = task.Status with { History = task.Status.History with { Entries = [] } },
    };
}
