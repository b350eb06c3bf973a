using Berth.Api;
using Berth.History.Schema;

namespace Berth.History.Queries;

/// <summary>Rows as the records that others see, where the two are not one.</summary>
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

    public static LogState Log(LogRow r) => new()
    {
        Attempt = r.Attempt,
        TaskUid = r.TaskUid,
        Received = r.Received,
        Stored = r.Stored,
        Complete = r.Complete,
        Dropped = r.Dropped,
    };
}
