using Berth.Api;

namespace Berth.Core.Pools;

/// <summary>What an agent pod says about itself to drains, autoscalers and whoever picks a pod to end.</summary>
/// <param name="Protected">An apply or Run works here: no voluntary disruption.</param>
/// <param name="SafeToEvict">Nothing would be lost by ending it.</param>
/// <param name="DeletionCost">The higher, the later it should go.</param>
public sealed record PodMark(bool Protected, bool SafeToEvict, int DeletionCost)
{
    /// <summary>Work shorter than this is not worth a write: a pod that ends lets it finish anyway.</summary>
    public static readonly TimeSpan WorthIt = TimeSpan.FromSeconds(5);

    /// <summary>The mark of a pod on which nothing is.</summary>
    public static readonly PodMark Idle = new(false, true, 0);

    private static readonly PodMark AtWork = new(true, false, 1000);
    private static readonly PodMark Reserved = new(false, false, 100);
    private static readonly PodMark Busy = new(false, false, 50);

    /// <summary>The mark that a pod should bear now.</summary>
    /// <param name="podUid">The pod.</param>
    /// <param name="tasks">Tasks whose slot or latest attempt is there.</param>
    /// <param name="unwritten">Whether its agent keeps what is not written yet.</param>
    /// <param name="borne">The mark it bears.</param>
    /// <param name="now">Now.</param>
    public static PodMark Of(string podUid, IReadOnlyList<TaskResource> tasks, bool unwritten, PodMark borne, DateTimeOffset now)
    {
        var (wanted, since) = tasks.Select(t => (Mark: Of(podUid, t), Since: SinceOf(t))).OrderByDescending(m => m.Mark.DeletionCost).ThenBy(m => m.Since).FirstOrDefault((Idle, now));
        if (wanted == Idle) return unwritten && borne != Idle ? Busy : Idle;
        return wanted.DeletionCost > borne.DeletionCost && now < since + WorthIt ? borne : wanted;
    }

    private static PodMark Of(string podUid, TaskResource task)
    {
        var status = task.Status;
        // What may have started and is not proved dead works here, whatever the phase says.
        if (status.Attempt is { Kind: AttemptKind.Apply or AttemptKind.Run, EndedAt: null } work && work.PodUid == podUid && status.Loss is not { Fenced: true } && status.Phase.MayRun()) return AtWork;
        if (status.Phase.IsTerminal()) return Idle;
        if (status.Phase == TaskPhase.ApplyPending && status.Slot?.PodUid == podUid) return Reserved;
        return status.Attempt is { EndedAt: null } attempt && attempt.PodUid == podUid ? Busy : Idle;
    }

    private static DateTimeOffset SinceOf(TaskResource task) =>
        task.Status.Attempt is { EndedAt: null } attempt ? attempt.OrderedAt : task.Status.Slot?.Since ?? DateTimeOffset.MinValue;
}
