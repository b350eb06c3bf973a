using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Pools;

/// <summary>What an agent holds that no task wants any more.</summary>
public abstract record Leftover
{
    /// <summary>A result of an attempt that was replaced, or whose task is gone: acknowledged and discarded.</summary>
    public sealed record Result(string Attempt) : Leftover;

    /// <summary>A process without a task: ended.</summary>
    public sealed record Process(string Attempt, int Slot) : Leftover;

    /// <summary>A directory without a task: released.</summary>
    public sealed record Directory(int Slot, string Name) : Leftover;
}

/// <summary>Compares an agent's inventory with the tasks. The current attempt of a task is its decider's business, not this one's.</summary>
public static class AgentCleanup
{
    /// <summary>Everything that has no task.</summary>
    /// <param name="podUid">The agent's pod.</param>
    /// <param name="agent">What it holds.</param>
    /// <param name="taskByUid">Finds a task; null if it is gone.</param>
    public static IEnumerable<Leftover> Find(string podUid, AgentFacts agent, Func<string, TaskResource?> taskByUid)
    {
        foreach (var attempt in agent.Attempts.Values)
        {
            var task = taskByUid(TaskOf(attempt.Id));
            if (task?.Status.Attempt is { } current && current.Id == attempt.Id)
            {
                if (GivenUp(current) && attempt is { MayRun: true, End: null } && SlotOf(agent, attempt.Id) is { } held) yield return new Leftover.Process(attempt.Id, held);
                continue;
            }
            if (attempt.End is not null) yield return new Leftover.Result(attempt.Id);
            else if (attempt.MayRun && SlotOf(agent, attempt.Id) is { } slot) yield return new Leftover.Process(attempt.Id, slot);
        }
        foreach (var slot in agent.Slots.Values)
            if (slot.Directory is { Length: > 0 } directory && slot.Attempt is null && !IsWanted(podUid, slot, directory, taskByUid(TaskOf(directory)))) yield return new Leftover.Directory(slot.Index, directory);
    }

    /// <summary>A plan or restore that its task closed without waiting for its end changes nothing, and must not keep its slot.</summary>
    private static bool GivenUp(AttemptStatus attempt) => attempt is { EndedAt: not null, Kind: AttemptKind.Plan or AttemptKind.Restore };

    /// <summary>Uid of the task that an attempt belongs to.</summary>
    public static string TaskOf(string attempt) => attempt.LastIndexOf('-') is > 0 and var dash ? attempt[..dash] : attempt;

    private static int? SlotOf(AgentFacts agent, string attempt) => agent.Slots.Values.FirstOrDefault(s => s.Attempt == attempt)?.Index;

    private static bool IsWanted(string podUid, AgentSlot slot, string directory, TaskResource? task)
    {
        if (task is null) return false;
        var status = task.Status;
        if (status.Attempt is { EndedAt: null } attempt && attempt.Id == directory && attempt.PodUid == podUid) return true;
        return !status.Phase.IsTerminal() && status.Plan?.Attempt == directory && status.Slot is { } held && held.PodUid == podUid && held.Index == slot.Index;
    }
}
