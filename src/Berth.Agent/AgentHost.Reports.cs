using Berth.Agent.Journal;
using Berth.Protocol;

namespace Berth.Agent;

/// <summary>What the agent says about itself.</summary>
internal sealed partial class AgentHost
{
    private static readonly string Version = typeof(AgentHost).Assembly.GetName().Version?.ToString(3) ?? "0";

    public Hello Hello() => new()
    {
        AgentVersion = Version,
        Namespace = Options.Namespace,
        Pod = Options.Pod,
        PodUid = Options.PodUid,
        Node = Options.Node,
        NodeBootId = Options.NodeBootId,
        Inventory = Inventory(),
    };

    public Inventory Inventory()
    {
        lock (_gate)
        {
            return new Inventory
            {
                HighestEpoch = HighestEpoch,
                Slots = [.. _slots.Select(Describe)],
                Attempts = [.. _journal.State.Attempts.Select(Describe)],
                Unavailable = JournalProblem,
                Draining = _ending || _drained,
            };
        }
    }

    /// <summary>What a leader must not miss, whatever the last connection lost.</summary>
    public IReadOnlyList<Frame> SaidAgain()
    {
        lock (_gate)
        {
            return
            [
                .. _journal.State.Attempts.Where(a => a is { Result: not null, Acknowledged: false }).Select(a => a.Result!),
                .. _journal.State.Attempts.Where(a => a is { Result.Plan: not null, Uploaded: true }).Select(a => new Uploaded { Attempt = a.Attempt }),
                .. _slots.Select(s => s.Flow?.Spool.Checkpoints.Began).OfType<Resumed>(),
                Inventory(),
            ];
        }
    }

    private SlotInventory Describe(Slots.Slot slot)
    {
        var record = _journal.State.Slot(slot.Index);
        return new SlotInventory
        {
            Index = slot.Index,
            Ready = slot.Link is { Draining: false },
            RunnerBoot = record.Boot,
            Attempt = slot.Flow?.Attempt,
            Directory = record.Directory,
            DirectoryTask = record.DirectoryTask,
        };
    }

    private AttemptInventory Describe(AttemptRecord attempt)
    {
        var output = _spools.GetValueOrDefault(attempt.Attempt)?.Output;
        return new AttemptInventory
        {
            Attempt = attempt.Attempt,
            Slot = attempt.Slot,
            RunnerBoot = attempt.Boot,
            State = attempt.State,
            MayRun = attempt.Open,
            StartedAt = attempt.StartedAt,
            LastOutputAt = output?.LastOutputAt,
            Result = attempt.Acknowledged ? null : attempt.Result,
            Uploaded = attempt.Uploaded,
            UnacknowledgedOutput = output?.Unacknowledged ?? 0,
        };
    }
}
