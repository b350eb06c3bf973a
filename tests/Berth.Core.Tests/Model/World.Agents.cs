using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Model;

/// <summary>What agents do with orders, and what really runs.</summary>
internal sealed partial class World
{
    private void Deliver(TaskResource task, AttemptStatus attempt, long epoch)
    {
        if (On(attempt.PodUid) is not { } pod || pod.Journal.ContainsKey(attempt.Id) || pod.Seen.Contains(attempt.Id)) return;
        if (epoch < pod.HighestEpoch) return;
        pod.HighestEpoch = epoch;
        pod.Seen.Add(attempt.Id);
        var slot = pod.Slots[attempt.Slot];
        var directory = attempt.Kind == AttemptKind.Apply ? task.Status.Plan?.Attempt : null;
        if (slot.Attempt is not null || (slot.Directory is not null && slot.Directory != directory)) { Refuse(pod, attempt, "SlotTaken"); return; }
        if (attempt.Kind == AttemptKind.Apply && slot.Directory != directory) { Refuse(pod, attempt, "DirectoryMissing"); return; }
        pod.Journal[attempt.Id] = new AgentAttempt { Id = attempt.Id, MayRun = true, StartedAt = _now };
        slot.Attempt = attempt.Id;
        if (attempt.Kind is AttemptKind.Apply or AttemptKind.Run) _applied.Add((task.Metadata.Uid, attempt.Id, task.Status.Grant?.ApprovalUid, task.Status.Grant?.RunDigest ?? ""));
        CheckRunning();
    }

    private static void Refuse(ModelPod pod, AttemptStatus attempt, string reason) => pod.Journal[attempt.Id] = new AgentAttempt { Id = attempt.Id, Refused = new Refusal(reason, reason) };

    private void Cancel(TaskAction.CancelAttempt cancel, long epoch)
    {
        if (On(cancel.PodUid) is not { } pod || epoch < pod.HighestEpoch) return;
        pod.HighestEpoch = epoch;
        if (pod.Journal.TryGetValue(cancel.Attempt, out var known) && (known.End is not null || known.Refused is not null)) return;
        if (pod.Seen.Contains(cancel.Attempt) && known is null) return;
        pod.Seen.Add(cancel.Attempt);
        pod.Journal[cancel.Attempt] = new AgentAttempt { Id = cancel.Attempt, StartedAt = known?.StartedAt, End = new AttemptEnd { Kind = EndKind.Stopped, ExitCode = 143, At = _now } };
        foreach (var slot in pod.Slots) if (slot.Attempt == cancel.Attempt) slot.Attempt = null;
    }

    /// <summary>A running command ends in some way; its agent notes the result.</summary>
    private void EndOne(bool well)
    {
        var running = _pods.Where(p => p.AgentAlive).SelectMany(p => p.Slots.Where(s => s.Attempt is not null).Select(s => (Pod: p, Slot: s))).ToList();
        if (running.Count == 0) return;
        var (pod, slot) = running[_random.Next(running.Count)];
        var id = slot.Attempt!;
        var kind = KindOf(id);
        var outcome = well ? 0 : _random.Next(6);
        var end = outcome switch
        {
            1 => new AttemptEnd { Kind = EndKind.Failed, ExitCode = 1, At = _now },
            2 => new AttemptEnd { Kind = EndKind.Failed, ExitCode = 3, At = _now },
            3 when kind == AttemptKind.Restore => new AttemptEnd { Kind = EndKind.RestoreFailed, At = _now },
            _ => new AttemptEnd { Kind = EndKind.Succeeded, ExitCode = 0, At = _now, Plan = kind == AttemptKind.Plan ? A.Made($"sha256:{_random.Next(2)}") : null },
        };
        slot.Attempt = null;
        if (end.Kind == EndKind.Succeeded && kind == AttemptKind.Plan) slot.Directory = id;
        if (end.Kind == EndKind.Succeeded && kind == AttemptKind.Restore) slot.Directory = _tasks.Values.First(t => t.Status.Attempt?.Id == id || id.StartsWith(t.Metadata.Uid, StringComparison.Ordinal)).Status.Plan?.Attempt;
        if (pod.Journal.TryGetValue(id, out var known)) pod.Journal[id] = known with { MayRun = false, End = end, EndKnownAt = _now };
    }

    private AttemptKind KindOf(string id) => _kinds.TryGetValue(id, out var kind) ? kind : AttemptKind.Plan;

    private readonly Dictionary<string, AttemptKind> _kinds = [];

    /// <summary>What the janitor does with directories and processes that no task wants.</summary>
    private void CleanUp()
    {
        foreach (var pod in _pods.Where(p => p.AgentAlive && p.Connected))
            foreach (var leftover in Core.Pools.AgentCleanup.Find(pod.Uid, pod.Facts()!, uid => _tasks.GetValueOrDefault(uid)).ToList())
                switch (leftover)
                {
                    case Core.Pools.Leftover.Result result: pod.Journal.Remove(result.Attempt); break;
                    case Core.Pools.Leftover.Process process: Cancel(new TaskAction.CancelAttempt(pod.Uid, process.Slot, process.Attempt, ""), _epoch); break;
                    case Core.Pools.Leftover.Directory directory: pod.Slots[directory.Slot].Directory = null; break;
                }
    }
}
