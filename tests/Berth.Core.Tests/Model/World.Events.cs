using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Model;

/// <summary>What happens by chance, and what must hold after it.</summary>
internal sealed partial class World
{
    /// <summary>One random event.</summary>
    public void Step()
    {
        _now += TimeSpan.FromMilliseconds(_random.Next(1, 3000));
        var uid = _tasks.Keys.ElementAt(_random.Next(_tasks.Count));
        switch (_random.Next(24))
        {
            case <= 8: Reconcile(uid, deposed: false, stale: false, lossOfEffects: 0.4); break;
            case 9: Reconcile(uid, deposed: false, stale: true, lossOfEffects: 0.4); break;
            case 10: Reconcile(uid, deposed: true, stale: _random.Next(2) == 0, lossOfEffects: 0.4); break;
            case 11 or 12: EndOne(well: false); break;
            case 13: Decide(uid); break;
            case 14: Hurt(); break;
            case 15: _databaseUp = _random.Next(3) > 0; break;
            case 16: Upload(); break;
            case 17: TakeOver(); break;
            case 18: _now += TimeSpan.FromMinutes(_random.Next(0, 5)); break;
            case 19: CleanUp(); break;
            case 20: Connect(); break;
            case 21 when _random.Next(8) == 0: Want(uid, s => s with { DesiredState = (DesiredState)_random.Next(3) }); break;
            case 22 when _random.Next(4) == 0: Want(uid, s => s with { Requeue = (s.Requeue ?? 0) + 1 }); break;
            case 23: if (_pods.Count(p => p.Serves) < 2) AddPod(); break;
        }
        Check();
    }

    /// <summary>The world is well again and people decide: now everything must come to an end.</summary>
    public void Heal()
    {
        _databaseUp = true;
        foreach (var pod in _pods) if (pod.AgentAlive) { pod.Connected = true; pod.SilentSince = null; }
        while (_pods.Count(p => p.Serves) < 2) AddPod();
        foreach (var uid in _tasks.Keys.ToList())
        {
            if (_tasks[uid].Spec.DesiredState == DesiredState.Suspended) Want(uid, s => s with { DesiredState = DesiredState.Running });
            Reconcile(uid, deposed: false, stale: false, lossOfEffects: 0);
            DecideWell(uid);
        }
        EndOne(well: true);
        Upload();
        CleanUp();
        foreach (var uid in _tasks.Keys.ToList()) Reconcile(uid, deposed: false, stale: false, lossOfEffects: 0);
        _now += TimeSpan.FromSeconds(20);
        Check();
    }

    private void Want(string uid, Func<TaskSpec, TaskSpec> change) =>
        _tasks[uid] = _tasks[uid] with { Spec = change(_tasks[uid].Spec), Metadata = _tasks[uid].Metadata with { ResourceVersion = (++_versions).ToString(System.Globalization.CultureInfo.InvariantCulture), Generation = _tasks[uid].Metadata.Generation + 1 } };

    private void TakeOver()
    {
        _epoch++;
        _leaderSince = _now;
    }

    private void Upload()
    {
        if (!_databaseUp) return;
        foreach (var task in _tasks.Values)
        {
            // The agent uploads while it reports, and may have done so before anybody decides.
            if (task.Status is { Phase: TaskPhase.Planning, Attempt.Id: { } made } && _pods.Any(p => p.AgentAlive && p.Connected && p.Slots.Any(s => s.Directory == made))) _stored.Add(made);
            if (task.Status.Plan is { Stored: false } plan && _pods.Any(p => p.AgentAlive && p.Connected && p.Slots.Any(s => s.Directory == plan.Attempt))) _stored.Add(plan.Attempt);
        }
    }

    private void Connect()
    {
        var pod = _pods[_random.Next(_pods.Count)];
        if (!pod.AgentAlive) return;
        pod.Connected = !pod.Connected;
        pod.SilentSince = pod.Connected ? null : _now;
    }

    private void Hurt()
    {
        var pod = _pods[_random.Next(_pods.Count)];
        switch (_random.Next(7))
        {
            case 0: pod.RestartSlot(_random.Next(2), _now); break;
            case 1: pod.Deleting = true; break;
            case 2: pod.Die(); pod.Terminal = true; break;
            case 3: pod.Die(); pod.Exists = false; break;
            case 4: pod.Exists = false; break;
            case 5: pod.Terminal = pod.MarkedByCollector = true; break;
            case 6: pod.NodeGone = true; break;
        }
        if (pod is { AgentAlive: false, SilentSince: null }) pod.SilentSince = _now;
        Log.Add($"{_now:mm:ss} {pod.Name} exists={pod.Exists} terminal={pod.Terminal} collector={pod.MarkedByCollector} node={!pod.NodeGone} agent={pod.AgentAlive}");
    }

    /// <summary>A person decides, sometimes about something that is not there any more.</summary>
    private void Decide(string uid)
    {
        if (_approvals.Count > 0 && _random.Next(8) == 0) { _approvals.RemoveAt(_random.Next(_approvals.Count)); return; }
        var task = _random.Next(4) == 0 && _stale.TryGetValue(uid, out var old) ? old : _tasks[uid];
        Approve(task, (ApprovalDecision)_random.Next(6));
    }

    private void DecideWell(string uid)
    {
        var task = _tasks[uid];
        if (task.Status.Phase == TaskPhase.ApplyPending && task.Status.Grant is null) Approve(task, ApprovalDecision.Approve);
        else if (task.Status is { Phase: TaskPhase.ApplyLost or TaskPhase.Stopping, Loss.Fenced: false }) { ReallyEnd(task); Approve(task, ApprovalDecision.ConfirmDead); }
        else if (task.Status.Phase == TaskPhase.ApplyLost) Approve(task, ApprovalDecision.MarkFailed);
    }

    /// <summary>ConfirmDead is a promise of a person: here it is kept.</summary>
    private void ReallyEnd(TaskResource task)
    {
        if (task.Status.Attempt is not { } attempt) return;
        foreach (var pod in _pods)
            foreach (var slot in pod.Slots.Where(s => s.Attempt == attempt.Id))
            {
                slot.Attempt = null;
                if (pod.AgentAlive && pod.Journal.TryGetValue(attempt.Id, out var known)) pod.Journal[attempt.Id] = known with { MayRun = false, End = new AttemptEnd { Kind = EndKind.Failed, ExitCode = 137, At = _now } };
            }
    }

    private void Approve(TaskResource task, ApprovalDecision decision)
    {
        if (decision == ApprovalDecision.ConfirmDead) ReallyEnd(task);
        _approvals.Add(A.Approval(task, decision, $"ok-{++_approvalNumber}", at: _now));
    }

    private void Check()
    {
        CheckRunning();
        foreach (var task in _tasks.Values)
        {
            var s = task.Status;
            if (s.Phase is TaskPhase.Planning or TaskPhase.Applying or TaskPhase.Running && (s.Attempt is not { PodUid.Length: > 0, EndedAt: null } || s.Slot is null)) throw new ModelException($"{task.Metadata.Name} is {s.Phase} without pod, slot or attempt");
            if (s.Phase == TaskPhase.Applying && s.Grant?.SpentBy != s.Attempt!.Id) throw new ModelException($"{task.Metadata.Name} is applying with a grant that is not spent by its attempt");
            if (s.Phase.IsTerminal() && s.Slot is not null) throw new ModelException($"{task.Metadata.Name} is over and still holds a slot");
            if (s.Phase is TaskPhase.ApplyLost && s.Slot is null && s.Loss is { Fenced: false }) throw new ModelException($"{task.Metadata.Name} let go of a slot that is not fenced");
            if (!s.Phase.IsTerminal() && s.QueuedAt is not null && s.Phase != TaskPhase.Pending && string.IsNullOrEmpty(s.Reason)) throw new ModelException($"{task.Metadata.Name} waits without a reason");
            if (s.History.Entries.Count > Core.Tasks.Outbox.HardBound) throw new ModelException($"the outbox of {task.Metadata.Name} has {s.History.Entries.Count} entries");
            if (s.Attempt is { } attempt) _kinds[attempt.Id] = attempt.Kind;
        }
        if (_applied.GroupBy(a => a.Attempt).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new ModelException($"attempt {twice.Key} was started twice");
        if (_applied.Where(a => a.Approval is not null).GroupBy(a => a.Approval).FirstOrDefault(g => g.Count() > 1) is { } spent) throw new ModelException($"approval {spent.Key} was spent twice");
        if (_applied.FirstOrDefault(a => a.Approval is null && _tasks[a.Task].Spec.Type != TaskType.Run) is { Attempt: { } unapproved }) throw new ModelException($"attempt {unapproved} was applied without an approval");
    }

    /// <summary>What really runs: one thing a slot, and one that can change things a workspace.</summary>
    private void CheckRunning()
    {
        var working = _pods.SelectMany(p => p.Slots).Select(s => s.Attempt).OfType<string>().Where(id => _applied.Any(a => a.Attempt == id)).Select(id => _tasks[id[..id.LastIndexOf('-')]].Spec.Workspace).ToList();
        if (working.GroupBy(w => w).FirstOrDefault(g => g.Count() > 1) is { } two) throw new ModelException($"two attempts that change workspace {two.Key} run at once");
    }

    /// <summary>Nothing that was ever written in a status is missing in the database, or different there.</summary>
    public void CheckHistory()
    {
        foreach (var (uid, all) in _everWritten)
        {
            if (!all.Keys.SequenceEqual(Enumerable.Range(1, all.Count).Select(i => (long)i))) throw new ModelException($"history of {uid} has gaps");
            if (_tasks[uid].Status.Phase.IsTerminal() && !_released.Contains(uid)) throw new ModelException($"{_tasks[uid].Metadata.Name} is over, and its finalizer is not taken off");
            if (!_database.TryGetValue(uid, out var rows) || !rows.Values.SequenceEqual(all.Values)) throw new ModelException($"the database has {rows?.Count ?? 0} of {all.Count} entries of {uid}");
        }
    }
}
