using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Fencing;
using Berth.Core.Placement;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Model;

/// <summary>
/// API server, agents, database and people around the decider. Everything that can happen between two decisions happens here by
/// chance: writes conflict, effects are lost or repeated, leaders are deposed and wake, pods die with and without their processes.
/// </summary>
internal sealed partial class World
{
    private readonly Random _random;
    private readonly Dictionary<string, TaskResource> _tasks = [];
    private readonly Dictionary<string, TaskResource> _stale = [];
    private readonly List<ModelPod> _pods = [];
    private readonly List<ApprovalResource> _approvals = [];
    private readonly Dictionary<string, SortedDictionary<long, OutboxEntry>> _database = [];
    private readonly Dictionary<string, SortedDictionary<long, OutboxEntry>> _everWritten = [];
    private readonly HashSet<string> _stored = [];
    private readonly HashSet<string> _released = [];
    private readonly List<(string Task, string Attempt, string? Approval, string Digest)> _applied = [];
    private bool _databaseUp = true;
    private long _epoch = 1;
    private DateTimeOffset _now = A.T0;
    private DateTimeOffset _leaderSince = A.T0;
    private int _versions;
    private int _podNumber;
    private int _approvalNumber;

    public World(int seed)
    {
        _random = new Random(seed);
        for (var i = 0; i < 4; i++) AddTask(i);
        AddPod();
        AddPod();
    }

    public List<string> Log { get; } = [];

    public IReadOnlyCollection<TaskResource> Tasks => _tasks.Values;

    public bool AllOver => _tasks.Values.All(t => t.Status.Phase.IsTerminal());

    private void AddTask(int i)
    {
        var uid = $"{i}0000000-0000-0000-0000-000000000000";
        var task = A.Task(s => s with
        {
            Workspace = $"w{i % 2}",
            Type = i == 3 ? TaskType.Run : TaskType.PlanAndApply,
            Plan = i == 3 ? null : s.Plan,
            Apply = i == 3 ? null : s.Apply! with { ExitCodes = new ApplyExitCodes { NothingChanged = [3] } },
            Run = i == 3 ? new RunStep { Command = ["run"] } : null,
            Recovery = new RecoveryPolicy { OnApplyLost = i == 1 ? OnApplyLost.Replan : OnApplyLost.Hold },
        });
        _tasks[uid] = task with { Metadata = task.Metadata with { Name = $"t{i}", Uid = uid, ResourceVersion = "0", CreationTimestamp = _now } };
    }

    private ModelPod AddPod()
    {
        var pod = new ModelPod(++_podNumber);
        _pods.Add(pod);
        return pod;
    }

    /// <summary>One reconcile, by the leader or by a deposed one, on what is stored or on something older.</summary>
    public void Reconcile(string uid, bool deposed, bool stale, double lossOfEffects)
    {
        var known = stale && _stale.TryGetValue(uid, out var old) ? old : _tasks[uid];
        var epoch = deposed ? _epoch - 1 : _epoch;
        var seen = Observe(known, epoch);
        var decision = TaskDecider.Decide(seen);
        var current = known;
        if (!ReferenceEquals(decision.Status, known.Status))
        {
            if (_tasks[uid].Metadata.ResourceVersion != known.Metadata.ResourceVersion) return;
            _stale[uid] = known;
            current = known with { Status = decision.Status, Metadata = known.Metadata with { ResourceVersion = (++_versions).ToString(System.Globalization.CultureInfo.InvariantCulture) } };
            _tasks[uid] = current;
            Note(current);
            foreach (var t in decision.Transitions) Log.Add($"{_now:mm:ss} {current.Metadata.Name} {t.Row.From}→{t.Row.To} {t.Row.Signal}: {t.Message}");
        }
        else if (known.Metadata.ResourceVersion != _tasks[uid].Metadata.ResourceVersion) return;
        if (decision.Finalizer == false) _released.Add(uid);
        else if (decision.Transitions.Count > 0) _released.Remove(uid);
        foreach (var verdict in decision.Verdicts) Judge(verdict);
        foreach (var action in decision.Actions)
            for (var times = _random.NextDouble() < lossOfEffects ? _random.Next(0, 3) : 1; times > 0; times--) Carry(current, action, deposed, epoch);
    }

    private TaskObserved Observe(TaskResource task, long epoch)
    {
        var status = task.Status;
        var uid = status.Slot?.PodUid ?? status.Attempt?.PodUid;
        var pod = _pods.FirstOrDefault(p => p.Uid == uid);
        var offer = Offer(task);
        var mine = _approvals.Where(a => a.Spec.TaskRef.Name == task.Metadata.Name).ToList();
        return new TaskObserved
        {
            Task = task,
            Now = _now,
            Jitter = _random.NextDouble(),
            Leader = new LeaderFacts($"leader-{epoch}", epoch, _leaderSince),
            Pool = new PoolFacts { Spec = new AgentPoolSpec() },
            Pod = pod?.Read(),
            Agent = pod?.Facts(),
            Offer = offer,
            Wait = offer is null ? new WaitCause(Reasons.WaitingForSlot, "no slot") : null,
            Inputs = new InputsFacts(A.Inputs(), null),
            PlanStored = (status.Plan?.Attempt ?? status.Attempt?.Id) is { } plan && _databaseUp && _stored.Contains(plan) ? true : null,
            Approvals = mine,
            GrantStillThere = status.Grant is { ApprovalUid: { } granted } ? mine.Any(a => a.Metadata.Uid == granted) : mine.Any(a => !a.HasVerdict()) ? true : null,
            Proof = new ApprovalProof(true, A.T0.AddHours(-1), ""),
            Acknowledged = _database.TryGetValue(task.Metadata.Uid, out var rows) ? Contiguous(rows) : 0,
        };
    }

    /// <summary>Placement on what is stored: the pure function that the operator uses, too.</summary>
    private SlotOffer? Offer(TaskResource task)
    {
        var wants = task.Status.Phase == TaskPhase.Pending || ApplyPendingWants(task.Status);
        if (!wants || _random.Next(4) == 0) return null;
        var held = _tasks.Values.Where(t => t.Status.Slot is not null).Select(t => (t.Status.Slot!.PodUid, t.Status.Slot.Index)).ToHashSet();
        var free = _pods.Where(p => p.Serves).SelectMany(p => p.Slots.Select((s, i) => (p, s, i))).Where(x => x.s.Attempt is null && x.s.Directory is null && !held.Contains((x.p.Uid, x.i)))
            .Select(x => new FreeSlot(x.p.Name, x.p.Uid, x.i, "node", "boot", x.s.Boot, true)).ToList();
        var holders = _tasks.Values.Where(t => t.Status.Phase != TaskPhase.Pending && !t.Status.Phase.IsTerminal()).GroupBy(t => t.Spec.Workspace).ToDictionary(g => g.Key, g => new WorkspaceHolder(g.First().Metadata.Uid, g.First().Metadata.Name, "works"));
        var result = Placer.Place(new PlacementSnapshot
        {
            Pool = "pool",
            Slots = free,
            Workspaces = holders,
            ApplyBudget = _pods.ToDictionary(p => p.Uid, _ => 2),
            Waiting = [new WaitingTask { Name = task.Metadata.Name, Uid = task.Metadata.Uid, Workspace = task.Spec.Workspace, ApplyCapable = true }],
        });
        return result.Offers.TryGetValue(task.Metadata.Uid, out var slot) ? new SlotOffer { Pod = slot.Pod, PodUid = slot.PodUid, Index = slot.Index, Node = "node", NodeBootId = "boot", RunnerBoot = slot.RunnerBoot } : null;
    }

    private static bool ApplyPendingWants(Api.TaskStatus status) => status is { Phase: TaskPhase.ApplyPending, Slot: null, Plan.Stored: true };

    private void Carry(TaskResource task, TaskAction action, bool deposed, long epoch)
    {
        // A deposed leader reads the Lease before it sends, and finds that it is not its own.
        if (deposed && action is not TaskAction.WriteHistory) return;
        switch (action)
        {
            case TaskAction.WriteHistory when _databaseUp: Write(task); break;
            case TaskAction.SendAttempt send: Deliver(task, send.Attempt, epoch); break;
            case TaskAction.AcknowledgeAttempt ack: On(ack.PodUid)?.Journal.Remove(ack.Attempt); break;
            case TaskAction.CancelAttempt cancel: Cancel(cancel, epoch); break;
            case TaskAction.ReleaseSlot release when On(release.PodUid) is { } pod && pod.Slots[release.Slot].Directory == release.Directory: pod.Slots[release.Slot].Directory = null; break;
        }
    }

    private ModelPod? On(string podUid) => _pods.FirstOrDefault(p => p.Uid == podUid && p.AgentAlive && p.Connected);

    private void Note(TaskResource task)
    {
        var uid = task.Metadata.Uid;
        if (!_everWritten.TryGetValue(uid, out var all)) _everWritten[uid] = all = [];
        foreach (var entry in task.Status.History.Entries)
        {
            if (all.TryGetValue(entry.Seq, out var before) && before != entry) throw new ModelException($"entry {entry.Seq} of {task.Metadata.Name} was written twice, differently");
            all[entry.Seq] = entry;
        }
    }

    private void Write(TaskResource task)
    {
        if (!_database.TryGetValue(task.Metadata.Uid, out var rows)) _database[task.Metadata.Uid] = rows = [];
        foreach (var entry in task.Status.History.Entries) rows.TryAdd(entry.Seq, entry);
    }

    private static long Contiguous(SortedDictionary<long, OutboxEntry> rows)
    {
        long seq = 0;
        while (rows.ContainsKey(seq + 1)) seq++;
        return seq;
    }

    private void Judge(ApprovalVerdict verdict)
    {
        var index = _approvals.FindIndex(a => a.Metadata.Uid == verdict.Uid);
        if (index < 0 || _approvals[index].HasVerdict()) return;
        _approvals[index] = _approvals[index] with { Status = new ApprovalStatus { Conditions = [new Condition { Type = "Accepted", Status = verdict.Accepted ? ConditionStatus.True : ConditionStatus.False, Reason = verdict.Reason }] } };
    }
}

/// <summary>An invariant was broken.</summary>
internal sealed class ModelException(string message) : Exception(message);
