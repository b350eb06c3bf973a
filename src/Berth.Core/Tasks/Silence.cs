using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tasks;

/// <summary>A running command that prints nothing: said by default, stopped only if the task says so.</summary>
internal static class Silence
{
    public static void Watch(TaskDraft draft, AgentAttempt? known)
    {
        if (known is not { MayRun: true } || (known.LastOutputAt ?? known.StartedAt) is not { } last) return;
        var after = Durations.Or(draft.Spec.Stuck.After, TimeSpan.FromMinutes(10));
        var silent = draft.Seen.Now >= last + after;
        if (!silent)
        {
            draft.WakeAt(last + after);
            if (draft.Status.Reason == Reasons.OutputSilent) draft.Wait(draft.Phase.ToString(), $"running on {draft.SlotName}");
            return;
        }
        if (draft.Spec.Stuck.Action == StuckAction.Stop && draft.Phase is TaskPhase.Planning or TaskPhase.Applying or TaskPhase.Running)
        {
            draft.Status = draft.Status with { StopRequestedAt = draft.Seen.Now, StopRequestedBy = "spec.stuck" };
            draft.Move(TaskSignal.StopRequested, $"attempt {draft.Status.Attempt!.Id} printed nothing since {last:u}; stopped as spec.stuck.action says", Reasons.OutputSilent);
            StoppingPhase.Decide(draft);
            return;
        }
        draft.Wait(Reasons.OutputSilent, $"attempt {draft.Status.Attempt!.Id} on {draft.SlotName} printed nothing since {last:u}; look at it (berth logs {draft.Task.Metadata.Name} -n {draft.Task.Metadata.Namespace}), stop it with spec.desiredState Stopped if it hangs");
    }
}
