using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Fencing;
using Berth.Core.Placement;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Model;

/// <summary>
/// API server, agents, database and people around the decider. Everything that can happen between two decisions happens here by
/// chance: writes conflict, effects are lost, repeated or come late, leaders are deposed and wake with the view of their time, clocks jump,
/// pods die with and without their processes.
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
    private readonly Dictionary<string, long> _contiguous = [];
    private readonly HashSet<string> _stored = [];
    private readonly HashSet<string> _released = [];
    private readonly List<(string Task, string Attempt)> _applied = [];
    private bool _databaseUp = true;
    private bool _autoAllowed = true;
    private string _image = "image-1";
    private long _epoch = 1;
    private DateTimeOffset _now = A.T0;
    private TimeSpan _skew;
    private DateTimeOffset _leaderSince = A.T0;
    private Past? _before;
    private int _versions;
    private int _podNumber;
    private int _approvalNumber;

    public World(int seed)
    {
        _random = new Random(seed);
        for (var i = 0; i < 5; i++) AddTask(i);
        AddPod();
        AddPod();
    }

    public List<string> Log { get; } = [];

    public IReadOnlyCollection<TaskResource> Tasks => _tasks.Values;

    public bool AllOver => _tasks.Values.All(t => t.Status.Phase.IsTerminal());

    /// <summary>The leader's clock, which jumps.</summary>
    private DateTimeOffset LeaderNow => _now + _skew;

    /// <summary>Five tasks of two workspaces: one that plans again by itself, one that approves itself, one Run.</summary>
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
            Approval = new ApprovalPolicy { Mode = i == 4 ? ApprovalMode.Auto : ApprovalMode.Manual },
            Recovery = new RecoveryPolicy { OnApplyLost = i == 1 ? OnApplyLost.Replan : OnApplyLost.Hold },
        });
        _tasks[uid] = task with { Metadata = task.Metadata with { Name = $"t{i}", Uid = uid, ResourceVersion = "0", CreationTimestamp = _now } };
    }

    private ModelPod AddPod()
    {
        var pod = new ModelPod(++_podNumber, TimeSpan.FromMilliseconds(_random.Next(-90_000, 90_000)));
        pod.Connect(_epoch);
        _pods.Add(pod);
        return pod;
    }

    /// <summary>One reconcile, by the leader or by a deposed one, on what is stored or on something older.</summary>
    public void Reconcile(string uid, bool deposed, bool stale, double lossOfEffects)
    {
        if (deposed && _before is null) return;
        var known = stale ? (deposed ? _before!.Tasks[uid] : _stale.GetValueOrDefault(uid, _tasks[uid])) : _tasks[uid];
        var epoch = deposed ? _epoch - 1 : _epoch;
        var seen = Observe(known, deposed);
        var decision = TaskDecider.Decide(seen);
        var current = known;
        if (!ReferenceEquals(decision.Status, known.Status))
        {
            if (_tasks[uid].Metadata.ResourceVersion != known.Metadata.ResourceVersion) return;
            _stale[uid] = known;
            current = known with { Status = decision.Status, Metadata = known.Metadata with { ResourceVersion = NextVersion() } };
            _tasks[uid] = current;
            Note(current);
            foreach (var t in decision.Transitions) Log.Add($"{_now:mm:ss} {(deposed ? "deposed: " : "")}{current.Metadata.Name} {t.Row.From}→{t.Row.To} {t.Row.Signal}: {t.Message}");
            if (decision.Transitions.Any(t => t.Row.Signal == TaskSignal.ApplyOrdered)) CheckGrant(seen, current);
        }
        else if (known.Metadata.ResourceVersion != _tasks[uid].Metadata.ResourceVersion) return;
        if (decision.Finalizer == false) _released.Add(uid);
        else if (decision.Transitions.Count > 0) _released.Remove(uid);
        // A deposed leader reads the Lease before it says anything final.
        foreach (var verdict in decision.Verdicts)
            if (!deposed && _random.NextDouble() >= lossOfEffects) Judge(verdict);
        foreach (var action in decision.Actions)
        {
            var times = _random.NextDouble() < lossOfEffects ? _random.Next(0, 3) : 1;
            if (times == 0 && !deposed) _unsent.Add((_now, current, action, epoch));
            for (; times > 0; times--) Carry(current, action, deposed, epoch);
        }
    }

    private string NextVersion() => (++_versions).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private TaskObserved Observe(TaskResource task, bool deposed)
    {
        var status = task.Status;
        var uid = status.Slot?.PodUid ?? status.Attempt?.PodUid;
        var pod = _pods.FirstOrDefault(p => p.Uid == uid);
        var epoch = deposed ? _epoch - 1 : _epoch;
        var offer = deposed ? Offer(task, _before!.Tasks, p => _before.Agents.GetValueOrDefault(p.Uid)) : Offer(task, _tasks, p => p.Facts());
        var mine = _approvals.Where(a => a.Spec.TaskRef.Name == task.Metadata.Name).ToList();
        return new TaskObserved
        {
            Task = task,
            Now = LeaderNow,
            Jitter = _random.NextDouble(),
            Leader = new LeaderFacts($"leader-{epoch}", epoch, deposed ? _before!.LeaderSince : _leaderSince),
            Pool = new PoolFacts { Spec = new AgentPoolSpec { Policy = new PoolPolicy { Approval = _autoAllowed ? ApprovalMode.Auto : ApprovalMode.Manual } } },
            Pod = pod?.Read(),
            Agent = pod is null ? null : deposed ? _before!.Agents.GetValueOrDefault(pod.Uid) : pod.Facts(),
            Offer = offer,
            Wait = offer is null ? new WaitCause(Reasons.WaitingForSlot, "no slot") : null,
            WorkspaceTakenBy = deposed ? null : _tasks.Values.FirstOrDefault(t => t.Metadata.Uid != task.Metadata.Uid && t.Spec.Workspace == task.Spec.Workspace && t.Status.Phase != TaskPhase.Pending && !t.Status.Phase.IsTerminal())?.Metadata.Name,
            Inputs = new InputsFacts(A.Inputs() with { ImageId = _image }, null),
            PlanStored = (status.Plan?.Attempt ?? status.Attempt?.Id) is { } plan && _databaseUp && _stored.Contains(plan) ? true : null,
            Approvals = mine,
            GrantStillThere = status.Grant is { ApprovalUid: { } granted } ? mine.Any(a => a.Metadata.Uid == granted) : mine.Any(a => !a.HasVerdict()) ? true : null,
            Proof = new ApprovalProof(true, A.T0.AddHours(-1), ""),
            Acknowledged = Contiguous(task.Metadata.Uid),
        };
    }

    /// <summary>Placement on what its leader sees: the pure function that the operator uses, too.</summary>
    private SlotOffer? Offer(TaskResource task, IReadOnlyDictionary<string, TaskResource> tasks, Func<ModelPod, AgentFacts?> facts)
    {
        var wants = task.Status.Phase == TaskPhase.Pending || ApplyPendingPhase.WantsSlot(task.Status);
        if (!wants || _random.Next(4) == 0) return null;
        var held = tasks.Values.Where(t => t.Status.Slot is not null).Select(t => (t.Status.Slot!.PodUid, t.Status.Slot.Index)).ToHashSet();
        var free = _pods.Where(p => p.IsUp).SelectMany(p => (facts(p) is { Connected: true } agent ? agent.Slots.Values : []).Select(s => (p, s))).Where(x => x.s.Attempt is null && x.s.Directory is null && !held.Contains((x.p.Uid, x.s.Index)))
            .Select(x => new FreeSlot(x.p.Name, x.p.Uid, x.s.Index, "node", $"boot-{x.p.NodeBoot}", x.s.RunnerBoot, true)).ToList();
        var holders = tasks.Values.Where(t => t.Status.Phase != TaskPhase.Pending && !t.Status.Phase.IsTerminal()).GroupBy(t => t.Spec.Workspace).ToDictionary(g => g.Key, g => new WorkspaceHolder(g.First().Metadata.Uid, g.First().Metadata.Name, "works"));
        var result = Placer.Place(new PlacementSnapshot
        {
            Pool = "pool",
            Slots = free,
            Workspaces = holders,
            ApplyBudget = _pods.ToDictionary(p => p.Uid, _ => 2),
            Waiting = [new WaitingTask { Name = task.Metadata.Name, Uid = task.Metadata.Uid, Workspace = task.Spec.Workspace, ApplyCapable = true }],
        });
        return result.Offers.TryGetValue(task.Metadata.Uid, out var slot) ? new SlotOffer { Pod = slot.Pod, PodUid = slot.PodUid, Index = slot.Index, Node = "node", NodeBootId = slot.NodeBootId, RunnerBoot = slot.RunnerBoot } : null;
    }

    private void Note(TaskResource task)
    {
        var uid = task.Metadata.Uid;
        if (!_everWritten.TryGetValue(uid, out var all)) _everWritten[uid] = all = [];
        foreach (var entry in task.Status.History.Entries)
        {
            if (all.TryGetValue(entry.Seq, out var before) && before != entry) throw new ModelException($"entry {entry.Seq} of {task.Metadata.Name} was written twice, differently");
            all[entry.Seq] = entry;
        }
        CheckKept(task);
        if (task.Status.Plan is { } plan) _meanings[plan.Digest] = plan.SemanticDigest;
    }

    private void Write(TaskResource task)
    {
        if (!_database.TryGetValue(task.Metadata.Uid, out var rows)) _database[task.Metadata.Uid] = rows = [];
        foreach (var entry in task.Status.History.Entries)
            if (!rows.TryAdd(entry.Seq, entry) && rows[entry.Seq] != entry) throw new ModelException($"entry {entry.Seq} of {task.Metadata.Name} differs from what the database has");
        var seq = Contiguous(task.Metadata.Uid);
        while (rows.ContainsKey(seq + 1)) seq++;
        _contiguous[task.Metadata.Uid] = seq;
    }

    /// <summary>Up to where the database has everything.</summary>
    private long Contiguous(string uid) => _contiguous.GetValueOrDefault(uid);

    private void Judge(ApprovalVerdict verdict)
    {
        var index = _approvals.FindIndex(a => a.Metadata.Uid == verdict.Uid);
        if (index < 0 || _approvals[index].HasVerdict()) return;
        _approvals[index] = _approvals[index] with { Status = new ApprovalStatus { Conditions = [new Condition { Type = "Accepted", Status = verdict.Accepted ? ConditionStatus.True : ConditionStatus.False, Reason = verdict.Reason }] } };
    }

    /// <summary>What a leader saw when it was deposed: that is what it goes on with when it wakes.</summary>
    private sealed record Past(IReadOnlyDictionary<string, TaskResource> Tasks, IReadOnlyDictionary<string, AgentFacts> Agents, DateTimeOffset LeaderSince);
}

/// <summary>An invariant was broken.</summary>
internal sealed class ModelException(string message) : Exception(message);
