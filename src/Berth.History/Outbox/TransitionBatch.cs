using Berth.Api;

namespace Berth.History;

/// <summary>Transitions of one task on their way to the database.</summary>
public sealed record TransitionBatch
{
    /// <summary>The task.</summary>
    public TaskRecord Task { get; init; } = new();

    /// <summary>Entries in any order. Send all that the status still keeps: those already stored are compared, not written again.</summary>
    public IReadOnlyList<OutboxEntry> Entries { get; init; } = [];

    /// <summary>
    /// The number up to which the sender was told, at some time, that everything is stored. If the database does not have those entries
    /// (it was lost, or went back in time at a failover) and they are not in <see cref="Entries"/>, they are recorded as lost.
    /// </summary>
    public long Acknowledged { get; init; }

    /// <summary>Everything that a resource's status holds.</summary>
    public static TransitionBatch From(TaskResource task) => new()
    {
        Task = TaskRecord.From(task),
        Entries = task.Status.History.Entries,
        Acknowledged = task.Status.History.Acknowledged,
    };
}
