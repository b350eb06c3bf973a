using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Tests.Model;

/// <summary>What must hold after every step, whatever happened.</summary>
internal sealed partial class World
{
    private readonly Dictionary<string, ApprovalResource> _everMade = [];
    private readonly Dictionary<string, string?> _meanings = [];
    private readonly HashSet<string> _spent = [];

    private void Check()
    {
        CheckRunning();
        foreach (var task in _tasks.Values) Check(task);
        if (_applied.GroupBy(a => a.Attempt).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new ModelException($"attempt {twice.Key} was started twice");
    }

    private void Check(TaskResource task)
    {
        var (s, name) = (task.Status, task.Metadata.Name);
        if (s.Phase is TaskPhase.Planning or TaskPhase.Applying or TaskPhase.Running && (s.Attempt is not { PodUid.Length: > 0, EndedAt: null } || s.Slot is null)) throw new ModelException($"{name} is {s.Phase} without pod, slot or attempt");
        if (s.Phase == TaskPhase.Applying && s.Grant?.SpentBy != s.Attempt!.Id) throw new ModelException($"{name} is applying with a grant that is not spent by its attempt");
        if (s.Phase.IsTerminal() && s.Slot is not null) throw new ModelException($"{name} is over and still holds a slot");
        if (s.Phase is TaskPhase.ApplyLost && s.Slot is null && s.Loss is { Fenced: false }) throw new ModelException($"{name} let go of a slot that is not fenced");
        if (!s.Phase.IsTerminal() && s.QueuedAt is not null && s.Phase != TaskPhase.Pending && string.IsNullOrEmpty(s.Reason)) throw new ModelException($"{name} waits without a reason");
        if (s.History.Entries.Count > Outbox.HardBound) throw new ModelException($"the outbox of {name} has {s.History.Entries.Count} entries");
        if (s.Attempt is { } attempt) _kinds[attempt.Id] = attempt.Kind;
    }

    /// <summary>After a write of a status: what it no longer has, the database has.</summary>
    private void CheckKept(TaskResource task)
    {
        var history = task.Status.History;
        var oldest = history.Entries.Count == 0 ? history.Seq + 1 : history.Entries[0].Seq;
        if (Contiguous(task.Metadata.Uid) < oldest - 1) throw new ModelException($"entries of {task.Metadata.Name} before {oldest} are neither in its status nor in the database");
    }

    /// <summary>What really runs: one thing that can change things a workspace, and each known to its task as running, or perhaps running.</summary>
    private void CheckRunning()
    {
        var working = _pods.SelectMany(p => p.Slots).Select(s => s.Attempt).OfType<string>().Where(id => _applied.Any(a => a.Attempt == id)).Select(id => (Id: id, Task: _tasks[id[..id.LastIndexOf('-')]])).ToList();
        if (working.GroupBy(w => w.Task.Spec.Workspace).FirstOrDefault(g => g.Count() > 1) is { } two) throw new ModelException($"two attempts that change workspace {two.Key} run at once");
        if (working.FirstOrDefault(w => w.Task.Status.Attempt?.Id != w.Id || !w.Task.Status.Phase.MayRun() || w.Task.Status.Loss is { Fenced: true }) is { Task: { } task } unknown) throw new ModelException($"{unknown.Id} runs while {task.Metadata.Name} is {task.Status.Phase}, fenced={task.Status.Loss?.Fenced}, as attempt {task.Status.Attempt?.Id}");
    }

    /// <summary>An apply is ordered for the manifest of a live grant alone, and each approval is good for one.</summary>
    private void CheckGrant(TaskObserved seen, TaskResource task)
    {
        var (s, name) = (task.Status, task.Metadata.Name);
        if (s.Grant is not { } grant || grant.SpentBy != s.Attempt!.Id) throw new ModelException($"{name} applies without a grant that is spent on it");
        var digest = Manifests.Of(task, s.Run, s.Inputs!, s.Plan!).Digest();
        if (grant.RunDigest != s.Plan!.Digest || grant.RunDigest != digest) throw new ModelException($"{name} applies something else than its grant covers");
        if (Manifests.Difference(s.Inputs!, seen.Inputs!.Snapshot!) is { } change) throw new ModelException($"{name} applies although {change} changed since the plan");
        if (grant.Basis == GrantBasis.Auto)
        {
            if (!_autoAllowed || task.Spec.Approval!.Mode != ApprovalMode.Auto) throw new ModelException($"{name} approved itself, which nobody allows");
            return;
        }
        if (!_everMade.TryGetValue(grant.ApprovalUid ?? "", out var approval)) throw new ModelException($"{name} applies by an approval that never was");
        if (!_spent.Add(approval.Metadata.Uid)) throw new ModelException($"approval {approval.Metadata.Name} was spent twice");
        if (approval.Spec.Decision != ApprovalDecision.Approve || approval.Spec.TaskRef.Uid != task.Metadata.Uid || approval.Spec.Run != s.Run) throw new ModelException($"{name} applies by {approval.Metadata.Name}, which says {approval.Spec.Decision} for run {approval.Spec.Run} of {approval.Spec.TaskRef.Uid}");
        if (approval.Spec.Digest != grant.ApprovedDigest || (grant.Basis == GrantBasis.Exact && grant.ApprovedDigest != digest)) throw new ModelException($"{name} applies a plan that {approval.Metadata.Name} did not mean");
        if (grant.Basis == GrantBasis.Semantic && (_meanings.GetValueOrDefault(grant.ApprovedDigest) is not { Length: > 0 } meant || meant != s.Plan.SemanticDigest)) throw new ModelException($"{name} applies a plan that does not say what {approval.Metadata.Name} approved");
        if (_approvals.All(a => a.Metadata.Uid != approval.Metadata.Uid)) throw new ModelException($"{name} applies by {approval.Metadata.Name}, which was deleted");
        if (grant.ValidUntil <= seen.Now) throw new ModelException($"{name} applies by {approval.Metadata.Name}, which was good until {grant.ValidUntil:u}");
    }

    /// <summary>Where nothing moves now, time alone moves nothing before the moment at which the decision wants to be asked again.</summary>
    private void CheckTimer(string uid)
    {
        var seen = Observe(_tasks[uid], deposed: false) with { Offer = null };
        var now = TaskDecider.Decide(seen);
        if (now.Transitions.Count > 0 || !ReferenceEquals(now.Status, seen.Task.Status) || now.WakeAt <= seen.Now) return;
        var room = (now.WakeAt ?? seen.Now.AddDays(30)) - seen.Now;
        var later = TaskDecider.Decide(seen with { Now = seen.Now + (room * (0.999 * _random.NextDouble())) });
        if (later.Transitions.Count > 0) throw new ModelException($"{seen.Task.Metadata.Name} in {seen.Task.Status.Phase} ({seen.Task.Status.Reason}) moves by {later.Transitions[0].Row.Signal} although nothing was to wake it before {now.WakeAt:u}");
    }

    /// <summary>Nothing that was ever written in a status is missing in the database, different there, or out of order.</summary>
    public void CheckHistory()
    {
        foreach (var (uid, all) in _everWritten)
        {
            if (!all.Keys.SequenceEqual(Enumerable.Range(1, all.Count).Select(i => (long)i))) throw new ModelException($"history of {uid} has gaps");
            if (all.Values.Zip(all.Values.Skip(1)).FirstOrDefault(p => p.First.To != p.Second.From) is { First: not null } broken) throw new ModelException($"history of {uid} jumps from {broken.First.To} to {broken.Second.From}");
            if (_tasks[uid].Status.Phase.IsTerminal() && !_released.Contains(uid)) throw new ModelException($"{_tasks[uid].Metadata.Name} is over, and its finalizer is not taken off");
            if (!_database.TryGetValue(uid, out var rows) || !rows.Values.SequenceEqual(all.Values)) throw new ModelException($"the database has {rows?.Count ?? 0} of {all.Count} entries of {uid}");
        }
    }
}
