using Berth.Api;
using Berth.History.Schema;

namespace Berth.History.Queries;

/// <summary>Rows as the records that others see.</summary>
internal static class RowReading
{
    public static OutboxEntry Transition(TransitionRow r) => new()
    {
        Seq = r.Seq,
        At = r.At,
        Run = r.Run,
        From = r.FromPhase is null ? null : Enum.Parse<TaskPhase>(r.FromPhase),
        To = Enum.Parse<TaskPhase>(r.ToPhase),
        Signal = r.Signal,
        Reason = r.Reason,
        Message = r.Message,
        Actor = r.Actor,
        Slot = r.Slot,
        Attempt = r.Attempt,
        Epoch = r.Epoch,
    };

    public static AttemptRecord Attempt(AttemptRow r) => new()
    {
        TaskUid = r.TaskUid,
        CpuSeconds = r.CpuSeconds,
        MaxMemoryBytes = r.MaxMemoryBytes,
        Attempt = new AttemptStatus
        {
            Id = r.Id,
            Kind = Enum.Parse<AttemptKind>(r.Kind),
            Run = r.Run,
            Pod = r.Pod,
            PodUid = r.PodUid,
            Slot = r.Slot,
            Node = r.Node,
            NodeBootId = r.NodeBootId,
            RunnerBoot = r.RunnerBoot,
            Epoch = r.Epoch,
            Leader = r.Leader,
            OrderedAt = r.OrderedAt,
            StartedAt = r.StartedAt,
            EndedAt = r.EndedAt,
            ExitCode = r.ExitCode,
            Outcome = r.Outcome,
            FencedBy = r.FencedBy,
        },
    };

    public static StoredApproval Approval(ApprovalRow r) => new()
    {
        Uid = r.Uid,
        Namespace = r.Namespace,
        Name = r.Name,
        TaskUid = r.TaskUid,
        TaskName = r.TaskName,
        Run = r.Run,
        Attempt = r.Attempt,
        Workspace = r.Workspace,
        Digest = r.Digest,
        Decision = r.Decision,
        Approver = r.Approver,
        Comment = r.Comment,
        CreatedAt = r.CreatedAt,
        Verdict = r.Verdict,
        VerdictMessage = r.VerdictMessage,
        VerdictAt = r.VerdictAt,
    };

    public static ArtifactLink Link(ArtifactLinkRow r) => new()
    {
        TaskUid = r.TaskUid,
        Attempt = r.Attempt,
        Kind = r.Kind,
        Path = r.Path,
        Digest = r.Digest,
        Size = r.Size,
        CreatedAt = r.CreatedAt,
    };

    public static CheckpointRecord Checkpoint(CheckpointRow r) => new()
    {
        TaskUid = r.TaskUid,
        Attempt = r.Attempt,
        Number = r.Number,
        Digest = r.Digest,
        Size = r.Size,
        CreatedAt = r.CreatedAt,
    };

    public static LogState Log(LogRow r) => new()
    {
        Attempt = r.Attempt,
        TaskUid = r.TaskUid,
        Received = r.Received,
        Stored = r.Stored,
        Complete = r.Complete,
        Dropped = r.Dropped,
    };

    public static AlertRecord Alert(AlertRow r) => new()
    {
        Id = r.Id,
        At = r.At,
        Name = r.Name,
        Severity = r.Severity,
        Subject = r.Subject,
        Message = r.Message,
        DetailJson = r.Detail,
        ResolvedAt = r.ResolvedAt,
        AcknowledgedBy = r.AcknowledgedBy,
    };

    public static AuditRecord Audit(AuditRow r) => new()
    {
        Id = r.Id,
        At = r.At,
        Actor = r.Actor,
        Verb = r.Verb,
        Kind = r.Kind,
        Namespace = r.Namespace,
        Name = r.Name,
        Uid = r.Uid,
        Outcome = r.Outcome,
        DetailJson = r.Detail,
    };
}
