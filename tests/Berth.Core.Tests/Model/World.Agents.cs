using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Model;

/// <summary>Orders on their way to agents, what agents do with them, and what really runs.</summary>
internal sealed partial class World
{
    /// <summary>How long an order that was about to be sent can still arrive: then the agent has left a leader that says nothing.</summary>
    private static readonly TimeSpan Lingers = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, AttemptKind> _kinds = [];
    private readonly List<(DateTimeOffset At, TaskResource Task, TaskAction Action, long Epoch)> _unsent = [];
    private readonly Queue<(DateTimeOffset At, TaskResource Task, TaskAction Action, long Epoch)> _late = [];

    private ModelPod? On(string podUid) => _pods.FirstOrDefault(p => p.Uid == podUid && p.AgentAlive && p.Connected);

    private void Carry(TaskResource task, TaskAction action, bool deposed, long epoch)
    {
        // A deposed leader reads the Lease before it sends, and finds that it is not its own.
        if (deposed && action is not TaskAction.WriteHistory) return;
        switch (action)
        {
            case TaskAction.WriteHistory when _databaseUp: Write(task); break;
            case TaskAction.SendAttempt send when On(send.Attempt.PodUid) is { } pod: Deliver(pod, task, send.Attempt, epoch); break;
            case TaskAction.AcknowledgeAttempt ack: On(ack.PodUid)?.Journal.Remove(ack.Attempt); break;
            case TaskAction.CancelAttempt cancel when On(cancel.PodUid) is { } pod: Cancel(pod, cancel.Attempt, epoch); break;
            case TaskAction.ReleaseSlot release when On(release.PodUid) is { } pod && pod.Slots[release.Slot].Directory == release.Directory: pod.Slots[release.Slot].Directory = null; break;
        }
    }

    /// <summary>The leader before had read the Lease and was stopped in the very moment of sending; now it wakes.</summary>
    private void ArriveLate()
    {
        if (!_late.TryDequeue(out var late) || _now - late.At > Lingers) return;
        var uid = late.Action switch { TaskAction.SendAttempt send => send.Attempt.PodUid, TaskAction.CancelAttempt cancel => cancel.PodUid, _ => "" };
        if (_pods.FirstOrDefault(p => p.Uid == uid && p is { AgentAlive: true, HasOldLine: true }) is not { } pod) return;
        if (late.Action is TaskAction.SendAttempt order) Deliver(pod, late.Task, order.Attempt, late.Epoch);
        else if (late.Action is TaskAction.CancelAttempt end) Cancel(pod, end.Attempt, late.Epoch);
    }

    private void Deliver(ModelPod pod, TaskResource task, AttemptStatus attempt, long epoch)
    {
        if (pod.Journal.ContainsKey(attempt.Id) || pod.Seen.Contains(attempt.Id)) return;
        if (epoch < pod.HighestEpoch) return;
        pod.HighestEpoch = epoch;
        pod.Seen.Add(attempt.Id);
        var slot = pod.Slots[attempt.Slot];
        if (attempt.RunnerBoot != slot.Boot) { Refuse(pod, attempt, "RunnerReplaced"); return; }
        var directory = attempt.Kind == AttemptKind.Apply ? task.Status.Plan?.Attempt : null;
        if (slot.Attempt is not null || (slot.Directory is not null && slot.Directory != directory)) { Refuse(pod, attempt, "SlotTaken"); return; }
        if (attempt.Kind == AttemptKind.Apply && slot.Directory != directory) { Refuse(pod, attempt, "DirectoryMissing"); return; }
        pod.Journal[attempt.Id] = new AgentAttempt { Id = attempt.Id, MayRun = true, StartedAt = pod.Time(_now) };
        slot.Attempt = attempt.Id;
        if (attempt.Kind is AttemptKind.Apply or AttemptKind.Run) _applied.Add((task.Metadata.Uid, attempt.Id));
        Log.Add($"{_now:mm:ss} {pod.Name} starts {attempt.Kind} {attempt.Id[..1]}-{attempt.Id[(attempt.Id.LastIndexOf('-') + 1)..]}");
        CheckRunning();
    }

    private static void Refuse(ModelPod pod, AttemptStatus attempt, string reason) => pod.Journal[attempt.Id] = new AgentAttempt { Id = attempt.Id, Refused = new Refusal(reason, reason) };

    private void Cancel(ModelPod pod, string id, long epoch)
    {
        if (epoch < pod.HighestEpoch) return;
        pod.HighestEpoch = epoch;
        if (pod.Journal.TryGetValue(id, out var known) && (known.End is not null || known.Refused is not null)) return;
        if (pod.Seen.Contains(id) && known is null) return;
        pod.Seen.Add(id);
        pod.Journal[id] = new AgentAttempt { Id = id, StartedAt = known?.StartedAt, End = new AttemptEnd { Kind = EndKind.Stopped, ExitCode = 143, At = pod.Time(_now) } };
        foreach (var slot in pod.Slots) if (slot.Attempt == id) slot.Attempt = null;
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
            1 => new AttemptEnd { Kind = EndKind.Failed, ExitCode = 1, At = pod.Time(_now) },
            2 => new AttemptEnd { Kind = EndKind.Failed, ExitCode = 3, At = pod.Time(_now) },
            3 when kind == AttemptKind.Restore => new AttemptEnd { Kind = EndKind.RestoreFailed, At = pod.Time(_now) },
            _ => new AttemptEnd { Kind = EndKind.Succeeded, ExitCode = 0, At = pod.Time(_now), Plan = kind == AttemptKind.Plan ? A.Made($"sha256:{_random.Next(2)}") : null },
        };
        slot.Attempt = null;
        if (end.Kind == EndKind.Succeeded && kind == AttemptKind.Plan) slot.Directory = id;
        if (end.Kind == EndKind.Succeeded && kind == AttemptKind.Restore) slot.Directory = _tasks.Values.First(t => t.Status.Attempt?.Id == id || id.StartsWith(t.Metadata.Uid, StringComparison.Ordinal)).Status.Plan?.Attempt;
        if (pod.Journal.TryGetValue(id, out var known)) pod.Journal[id] = known with { MayRun = false, End = end, EndKnownAt = LeaderNow };
    }

    private AttemptKind KindOf(string id) => _kinds.TryGetValue(id, out var kind) ? kind : AttemptKind.Plan;

    /// <summary>What the janitor does with directories and processes that no task wants.</summary>
    private void CleanUp()
    {
        foreach (var pod in _pods.Where(p => p.AgentAlive && p.Connected))
            foreach (var leftover in Core.Pools.AgentCleanup.Find(pod.Uid, pod.Facts()!, uid => _tasks.GetValueOrDefault(uid)).ToList())
                switch (leftover)
                {
                    case Core.Pools.Leftover.Result result: pod.Journal.Remove(result.Attempt); break;
                    case Core.Pools.Leftover.Process process: Cancel(pod, process.Attempt, _epoch); break;
                    case Core.Pools.Leftover.Directory directory: pod.Slots[directory.Slot].Directory = null; break;
                }
    }
}
