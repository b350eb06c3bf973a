using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>What all phases with an attempt have in common: making one, sending it, and learning its end.</summary>
internal static class Attempts
{
    /// <summary>Writes a new attempt for a slot. Its id is never used again.</summary>
    public static void Order(TaskDraft draft, AttemptKind kind, SlotStatus slot, string node, string bootId, long runnerBoot)
    {
        var number = draft.Status.Attempts + 1;
        var attempt = new AttemptStatus
        {
            Id = $"{draft.Task.Metadata.Uid}-{number}",
            Kind = kind,
            Run = draft.Status.Run,
            Pod = slot.Pod,
            PodUid = slot.PodUid,
            Slot = slot.Index,
            Node = node,
            NodeBootId = bootId,
            RunnerBoot = runnerBoot,
            Epoch = draft.Seen.Leader.Epoch,
            Leader = draft.Seen.Leader.Identity,
            OrderedAt = draft.Seen.Now,
        };
        draft.Status = draft.Status with { Attempts = number, Attempt = attempt, Slot = slot, StartedAt = draft.Status.StartedAt ?? draft.Seen.Now, NotBefore = null };
    }

    /// <summary>The slot of an offer, as the status records it.</summary>
    public static SlotStatus Take(SlotOffer offer, TaskDraft draft, bool warm) => new()
    {
        Name = Names.SlotName(offer.Pod, offer.Index),
        Pod = offer.Pod,
        PodUid = offer.PodUid,
        Index = offer.Index,
        Node = offer.Node,
        Since = draft.Seen.Now,
        Warm = warm,
    };

    /// <summary>What the agent says about the current attempt, if anything.</summary>
    public static AgentAttempt? Known(TaskDraft draft) =>
        draft.Status.Attempt is { } attempt ? draft.Seen.Agent?.Attempts.GetValueOrDefault(attempt.Id) : null;

    /// <summary>The end of the current attempt as its agent reported it, or null.</summary>
    public static AttemptEnd? Ended(TaskDraft draft) => draft.Status.Attempt is { EndedAt: null } ? Known(draft)?.End : null;

    /// <summary>Notes the end in the status and lets the agent forget it once that is written.</summary>
    public static void Close(TaskDraft draft, AttemptEnd end)
    {
        var attempt = draft.Status.Attempt!;
        draft.Status = draft.Status with
        {
            Attempt = attempt with { StartedAt = attempt.StartedAt ?? Known(draft)?.StartedAt, EndedAt = end.At, ExitCode = end.ExitCode, Outcome = end.Kind.ToString(), CpuMilliseconds = end.CpuMilliseconds, MaxMemoryKiB = end.MaxMemoryKiB },
            // Agents report an end only once every process is dead: the late word of a lost attempt is its proof, too.
            Loss = draft.Status.Loss is { Fenced: false } loss ? loss with { Fenced = true } : draft.Status.Loss,
        };
        draft.Do(new TaskAction.AcknowledgeAttempt(attempt.PodUid, attempt.Id));
    }

    /// <summary>Notes in the status that the attempt ended without a word of its own.</summary>
    public static void CloseAs(TaskDraft draft, string outcome, string? fencedBy = null)
    {
        var attempt = draft.Status.Attempt!;
        draft.Status = draft.Status with
        {
            Attempt = attempt with { StartedAt = attempt.StartedAt ?? Known(draft)?.StartedAt, EndedAt = attempt.EndedAt ?? draft.Seen.Now, Outcome = attempt.Outcome ?? outcome, FencedBy = fencedBy ?? attempt.FencedBy },
        };
    }

    /// <summary>
    /// Sends the attempt if this leader wrote it and its agent does not know it. An attempt of an earlier leader that the agent never
    /// saw is first written again by this one, under the same id, so that a paused predecessor is refused by its epoch.
    /// </summary>
    public static void Deliver(TaskDraft draft)
    {
        if (draft.Seen.Agent is not { Connected: true } || Known(draft) is not null) return;
        var attempt = draft.Status.Attempt!;
        if (attempt.Epoch != draft.Seen.Leader.Epoch || attempt.Leader != draft.Seen.Leader.Identity)
        {
            attempt = attempt with { Epoch = draft.Seen.Leader.Epoch, Leader = draft.Seen.Leader.Identity };
            draft.Status = draft.Status with { Attempt = attempt };
        }
        draft.Do(new TaskAction.SendAttempt(attempt));
    }

    /// <summary>
    /// Whether an attempt of an earlier leader has to make way. A write of a deposed leader can land late, when the workspace has been given
    /// to another task already. The agent, which obeys this leader by now, never saw the attempt: so it never started, and never will.
    /// </summary>
    public static bool MakesWay(TaskDraft draft)
    {
        var attempt = draft.Status.Attempt!;
        if (draft.Seen.WorkspaceTakenBy is not { } other || attempt.Epoch == draft.Seen.Leader.Epoch || draft.Seen.Agent is not { Connected: true } || Known(draft) is not null) return false;
        CloseAs(draft, "Refused");
        Recovery.BackToPending(draft, TaskSignal.AttemptRefused, $"attempt {attempt.Id} was ordered by an earlier leader and never begun, and workspace {draft.Spec.Workspace} has gone to task {other}", keepGrant: draft.Phase == TaskPhase.Planning, TimeSpan.Zero);
        return true;
    }

    /// <summary>Acknowledges again what the status already knows: the first word may have been lost.</summary>
    public static void AcknowledgeAgain(TaskDraft draft)
    {
        if (draft.Status.Attempt is { EndedAt: not null } attempt && Known(draft)?.End is not null) draft.Do(new TaskAction.AcknowledgeAttempt(attempt.PodUid, attempt.Id));
    }

    /// <summary>Why the slot of the current attempt counts as lost, or null; wakes the task when silence would become a loss.</summary>
    public static string? LossOf(TaskDraft draft)
    {
        var attempt = draft.Status.Attempt!;
        draft.WakeAt(Loss.LostAt(draft.Seen));
        return Loss.Cause(draft.Seen, attempt.Slot, attempt.RunnerBoot);
    }

    /// <summary>Whether the attempt was ended before it began, although nobody asked the task to stop: its order could not be made any more.</summary>
    public static bool NeverBegan(TaskDraft draft, AttemptEnd end) =>
        end.Kind == EndKind.Stopped && draft.Status.Attempt!.StartedAt is null && Known(draft)?.StartedAt is null && draft.Status.StopRequestedAt is null;

    /// <summary>The pause after a refusal.</summary>
    public static TimeSpan ShortPause(TaskDraft draft) => TimeSpan.FromMilliseconds(500 * (1 + draft.Seen.Jitter));

    /// <summary>How to call an end in a message.</summary>
    public static string Describe(AttemptEnd end) =>
        end.Message is { Length: > 0 } text ? text : end.ExitCode is { } code ? $"exit code {code}" : end.Kind.ToString();
}
