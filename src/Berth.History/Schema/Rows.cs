namespace Berth.History.Schema;

// Tables whose rows nobody sees as they are. Others hold the public records themselves (ArtifactLink, CheckpointRecord, StoredApproval,
// AlertRecord, AuditRecord). The model is in HistoryContext; hot paths write by COPY and never load these classes.

internal sealed class TaskRow
{
    public string Uid { get; set; } = "";
    public string Namespace { get; set; } = "";
    public string Name { get; set; } = "";
    public string Workspace { get; set; } = "";
    public string Pool { get; set; } = "";
    public string Type { get; set; } = "";
    public string? RequestedBy { get; set; }
    public int Priority { get; set; }
    public string Phase { get; set; } = "";
    public string? Reason { get; set; }
    public string? Message { get; set; }
    public int Run { get; set; }
    public string? PlanSummary { get; set; }
    public string? ApprovedBy { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
    public DateTimeOffset? QueuedAt { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? FinishedAt { get; set; }
    public DateTimeOffset? DeletedAt { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
    public string Spec { get; set; } = "{}";
    public string Status { get; set; } = "{}";

    /// <summary>Sequence number of the status that is stored here; an older one never replaces it.</summary>
    public long StatusSeq { get; set; }

    /// <summary>Every transition up to this number is here (or is recorded as lost).</summary>
    public long Acknowledged { get; set; }

    /// <summary>The highest number that was ever stored; above <see cref="Acknowledged"/> while there is a gap.</summary>
    public long MaxSeq { get; set; }
}

/// <summary>A task whose history was removed by retention: remembered, so that what it sends later is not taken for a loss.</summary>
internal sealed class PurgedTaskRow
{
    public string Uid { get; set; } = "";
    public long Acknowledged { get; set; }
    public DateTimeOffset PurgedAt { get; set; }

    /// <summary>Whether everything that belonged to it is gone too. The task goes first, so that a requeue in between begins anew.</summary>
    public bool Swept { get; set; }
}

internal sealed class TransitionRow
{
    public string Uid { get; set; } = "";
    public long Seq { get; set; }
    public DateTimeOffset At { get; set; }
    public int Run { get; set; }
    public string? FromPhase { get; set; }
    public string ToPhase { get; set; } = "";
    public string Signal { get; set; } = "";
    public string Reason { get; set; } = "";
    public string? Message { get; set; }
    public string? Actor { get; set; }
    public string? Slot { get; set; }
    public int? Attempt { get; set; }
    public long Epoch { get; set; }
}

internal sealed class AttemptRow
{
    public string Id { get; set; } = "";
    public string TaskUid { get; set; } = "";
    public int Run { get; set; }
    public string Kind { get; set; } = "";
    public string Pod { get; set; } = "";
    public string PodUid { get; set; } = "";
    public int Slot { get; set; }
    public string? Node { get; set; }
    public string? NodeBootId { get; set; }
    public long RunnerBoot { get; set; }
    public long Epoch { get; set; }
    public string? Leader { get; set; }
    public DateTimeOffset OrderedAt { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    public int? ExitCode { get; set; }
    public string? Outcome { get; set; }
    public string? FencedBy { get; set; }
    public double? CpuSeconds { get; set; }
    public long? MaxMemoryBytes { get; set; }
}

internal sealed class ArtifactRow
{
    public string Digest { get; set; } = "";
    public Guid Blob { get; set; }
    public long Size { get; set; }
    public long StoredSize { get; set; }
    public int Chunks { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

internal sealed class ArtifactChunkRow
{
    public Guid Blob { get; set; }
    public int Number { get; set; }
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>A sealed chunk; see ChunkCodec.</summary>
    public byte[] Data { get; set; } = [];
}

internal sealed class LogRow
{
    public string Attempt { get; set; } = "";
    public string TaskUid { get; set; } = "";

    /// <summary>Fixed at the first append: all chunks of an attempt are in one partition.</summary>
    public DateOnly Day { get; set; }

    /// <summary>Bytes taken from the sender; its next offset.</summary>
    public long Received { get; set; }

    /// <summary>Bytes kept; less than <see cref="Received"/> once the limit was met.</summary>
    public long Stored { get; set; }
    public bool Complete { get; set; }

    /// <summary>Bytes that the sender says it left out.</summary>
    public long Dropped { get; set; }

    /// <summary>Whether small chunks were joined after the end.</summary>
    public bool Merged { get; set; }
    public DateTimeOffset UpdatedAt { get; set; }
}

internal sealed class LogChunkRow
{
    public string Attempt { get; set; } = "";
    public long StartOffset { get; set; }
    public DateOnly Day { get; set; }
    public int Size { get; set; }

    /// <summary>A sealed chunk; see ChunkCodec.</summary>
    public byte[] Data { get; set; } = [];
}
