using Berth.Api;

namespace Berth.History;

/// <summary>Which tasks to list. What is null does not matter.</summary>
public sealed record TaskFilter
{
    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Workspace.</summary>
    public string? Workspace { get; init; }

    /// <summary>Pool.</summary>
    public string? Pool { get; init; }

    /// <summary>Phase the task is in, or ended in.</summary>
    public TaskPhase? Phase { get; init; }

    /// <summary>Reason of that phase.</summary>
    public string? Reason { get; init; }

    /// <summary>Who asked for it, approved it, or acted on it.</summary>
    public string? Person { get; init; }

    /// <summary>Created at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Created before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>At most so many, newest first.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>A task in one line.</summary>
public sealed record TaskSummary
{
    /// <summary>Uid.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Workspace.</summary>
    public string Workspace { get; init; } = "";

    /// <summary>Pool.</summary>
    public string Pool { get; init; } = "";

    /// <summary>Phase.</summary>
    public string Phase { get; init; } = "";

    /// <summary>Reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Message.</summary>
    public string? Message { get; init; }

    /// <summary>Run.</summary>
    public int Run { get; init; }

    /// <summary>Counts of the plan.</summary>
    public string? PlanSummary { get; init; }

    /// <summary>Who asked for it.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>Who approved it.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>Created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>First attempt ordered.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Deletion asked for.</summary>
    public DateTimeOffset? DeletedAt { get; init; }
}

/// <summary>A transition as it is stored.</summary>
public sealed record StoredTransition
{
    /// <summary>Task uid.</summary>
    public string Uid { get; init; } = "";

    /// <summary>The entry.</summary>
    public OutboxEntry Entry { get; init; } = new();
}

/// <summary>Everything that is known of one task.</summary>
public sealed record TaskStory
{
    /// <summary>The task in one line.</summary>
    public TaskSummary Task { get; init; } = new();

    /// <summary>Its spec.</summary>
    public TaskSpec? Spec { get; init; }

    /// <summary>Its last known status.</summary>
    public Api.TaskStatus? Status { get; init; }

    /// <summary>Its transitions by number.</summary>
    public IReadOnlyList<OutboxEntry> Transitions { get; init; } = [];

    /// <summary>Its attempts by time.</summary>
    public IReadOnlyList<AttemptRecord> Attempts { get; init; } = [];

    /// <summary>The decisions about it by time.</summary>
    public IReadOnlyList<StoredApproval> Approvals { get; init; } = [];

    /// <summary>Its artifacts.</summary>
    public IReadOnlyList<ArtifactLink> Artifacts { get; init; } = [];

    /// <summary>Its checkpoints.</summary>
    public IReadOnlyList<CheckpointRecord> Checkpoints { get; init; } = [];

    /// <summary>Its logs.</summary>
    public IReadOnlyList<LogState> Logs { get; init; } = [];

    /// <summary>Alerts about it.</summary>
    public IReadOnlyList<AlertRecord> Alerts { get; init; } = [];

    /// <summary>Verbs that people used on it.</summary>
    public IReadOnlyList<AuditRecord> Audit { get; init; } = [];
}

/// <summary>A decision as it is stored.</summary>
public sealed record StoredApproval
{
    /// <summary>Uid.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Task uid.</summary>
    public string TaskUid { get; init; } = "";

    /// <summary>Task name.</summary>
    public string TaskName { get; init; } = "";

    /// <summary>Run.</summary>
    public int Run { get; init; }

    /// <summary>Attempt, for decisions about one.</summary>
    public string? Attempt { get; init; }

    /// <summary>Workspace.</summary>
    public string Workspace { get; init; } = "";

    /// <summary>Digest.</summary>
    public string? Digest { get; init; }

    /// <summary>Decision.</summary>
    public string Decision { get; init; } = "";

    /// <summary>Approver.</summary>
    public string Approver { get; init; } = "";

    /// <summary>Comment.</summary>
    public string? Comment { get; init; }

    /// <summary>Created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The operator's verdict.</summary>
    public string? Verdict { get; init; }

    /// <summary>What the verdict says.</summary>
    public string? VerdictMessage { get; init; }

    /// <summary>When it was given.</summary>
    public DateTimeOffset? VerdictAt { get; init; }
}

/// <summary>A checkpoint of a running attempt; its bytes are an artifact.</summary>
public sealed record CheckpointRecord
{
    /// <summary>Task uid.</summary>
    public string TaskUid { get; init; } = "";

    /// <summary>Attempt.</summary>
    public string Attempt { get; init; } = "";

    /// <summary>Number within the attempt.</summary>
    public int Number { get; init; }

    /// <summary>Digest of the bytes.</summary>
    public string Digest { get; init; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}
