using Berth.Api;
using TaskStatus = Berth.Api.TaskStatus;

namespace Berth.History.Tests;

/// <summary>Builders of what the operator hands over.</summary>
public static class Make
{
    public static readonly DateTimeOffset Start = new(2026, 11, 3, 10, 0, 0, TimeSpan.Zero);

    public static string Uid() => Guid.NewGuid().ToString();

    public static OutboxEntry Entry(long seq, TaskPhase to = TaskPhase.Planning, DateTimeOffset? at = null, string reason = "Because") => new()
    {
        Seq = seq,
        From = seq == 1 ? null : TaskPhase.Pending,
        To = to,
        Signal = "Signal" + seq,
        Reason = reason,
        Message = $"message of {seq}: ü '\"\\ 漢",
        Actor = seq % 3 == 0 ? "alice" : null,
        Slot = "pod-a/" + seq % 3,
        Attempt = seq % 2 == 0 ? (int)seq : null,
        Run = 1,
        Epoch = 7,
        At = at ?? Start.AddSeconds(seq).AddTicks(1_234_560),
    };

    public static TaskResource Task(string uid, TaskPhase phase = TaskPhase.Planning, string name = "task", string workspace = "prod", string pool = "small", DateTimeOffset? created = null) => new()
    {
        Metadata = new ResourceMeta { Uid = uid, Name = name, Namespace = "team-a", CreationTimestamp = created ?? Start },
        Spec = new TaskSpec { Workspace = workspace, PoolRef = new PoolReference { Name = pool }, RequestedBy = "bob", Plan = new PlanStep { Command = ["plan"] } },
        Status = new TaskStatus { Phase = phase, Reason = "Because", Run = 1, FinishedAt = phase.IsTerminal() ? (created ?? Start).AddHours(1) : null },
    };

    public static TransitionBatch Batch(TaskResource task, long acknowledged, params IEnumerable<OutboxEntry> entries)
    {
        var list = entries.ToList();
        var status = task.Status with { History = new OutboxStatus { Entries = list, Acknowledged = acknowledged, Seq = list.Count > 0 ? list.Max(e => e.Seq) : acknowledged } };
        return TransitionBatch.From(task with { Status = status });
    }

    public static TransitionBatch Batch(string uid, params long[] seqs) => Batch(Task(uid), 0, seqs.Select(s => Entry(s)));
}
