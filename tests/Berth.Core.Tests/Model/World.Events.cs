using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Model;

/// <summary>What happens by chance.</summary>
internal sealed partial class World
{
    /// <summary>One random event.</summary>
    public void Step()
    {
        _now += TimeSpan.FromMilliseconds(_random.Next(1, 3000));
        var uid = _tasks.Keys.ElementAt(_random.Next(_tasks.Count));
        switch (_random.Next(28))
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
            case 24: ArriveLate(); break;
            case 25 when _random.Next(4) == 0: _skew = TimeSpan.FromSeconds(_random.Next(-600, 600)); break;
            case 26 when _random.Next(8) == 0: (_autoAllowed, _image) = (_random.Next(4) > 0, $"image-{_random.Next(1, 3)}"); break;
            case 27: CheckTimer(uid); break;
        }
        Check();
    }

    /// <summary>The world is well again and people decide: now everything must come to an end.</summary>
    public void Heal()
    {
        (_databaseUp, _autoAllowed) = (true, true);
        foreach (var pod in _pods) pod.Connect(_epoch);
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
        _tasks[uid] = _tasks[uid] with { Spec = change(_tasks[uid].Spec), Metadata = _tasks[uid].Metadata with { ResourceVersion = NextVersion(), Generation = _tasks[uid].Metadata.Generation + 1 } };

    /// <summary>Another leader, with a clock of its own; some agents have found it at once. What the one before was about to send may still come.</summary>
    private void TakeOver()
    {
        _before = new Past(new Dictionary<string, TaskResource>(_tasks), _pods.Where(p => p.Facts() is not null).ToDictionary(p => p.Uid, p => p.Facts()!), _leaderSince);
        _late.Clear();
        foreach (var unsent in _unsent.Where(u => _now - u.At < TimeSpan.FromSeconds(5))) _late.Enqueue(unsent with { At = _now });
        _unsent.Clear();
        _epoch++;
        _skew += TimeSpan.FromSeconds(_random.Next(-60, 60));
        _leaderSince = LeaderNow;
        foreach (var pod in _pods.Where(p => p.AgentAlive))
        {
            pod.LoseLeader();
            if (_random.Next(2) == 0) pod.Connect(_epoch);
        }
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
        if (pod.Connected) pod.Disconnect(LeaderNow);
        else pod.Connect(_epoch);
    }

    private void Hurt()
    {
        var pod = _pods[_random.Next(_pods.Count)];
        switch (_random.Next(10))
        {
            case 0: pod.RestartSlot(_random.Next(2), _now); break;
            case 1: pod.Deleting = true; break;
            case 2: pod.Die(LeaderNow); pod.Terminal = true; break;
            case 3: pod.Die(LeaderNow); pod.Exists = false; break;
            case 4: pod.Exists = false; break;
            case 5: pod.Terminal = pod.MarkedByCollector = true; break;
            case 6: pod.NodeGone = true; break;
            case 7: pod.Reboot(_now, LeaderNow); break;
            case 8: pod.Die(LeaderNow); (pod.NodeReady, pod.OutOfService) = (false, true); break;
            case 9: pod.NodeReady = pod.OutOfService || !pod.NodeReady; break;
        }
        Log.Add($"{_now:mm:ss} {pod.Name} exists={pod.Exists} terminal={pod.Terminal} collector={pod.MarkedByCollector} node={!pod.NodeGone} ready={pod.NodeReady} boot={pod.NodeBoot} agent={pod.AgentAlive}");
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

    /// <summary>ConfirmDead is a promise of a person, that nothing of it runs or ever will: here it is kept.</summary>
    private void ReallyEnd(TaskResource task)
    {
        if (task.Status.Attempt is not { } attempt) return;
        foreach (var pod in _pods)
        {
            // Not begun yet: then it is barred, and its agent says so.
            if (pod.Seen.Add(attempt.Id) && pod.Uid == attempt.PodUid && pod.AgentAlive) pod.Journal[attempt.Id] = new AgentAttempt { Id = attempt.Id, End = new AttemptEnd { Kind = EndKind.Stopped, At = pod.Time(_now) } };
            foreach (var slot in pod.Slots.Where(s => s.Attempt == attempt.Id))
            {
                slot.Attempt = null;
                if (pod.AgentAlive && pod.Journal.TryGetValue(attempt.Id, out var known)) pod.Journal[attempt.Id] = known with { MayRun = false, End = new AttemptEnd { Kind = EndKind.Failed, ExitCode = 137, At = pod.Time(_now) } };
            }
        }
    }

    private void Approve(TaskResource task, ApprovalDecision decision)
    {
        if (decision == ApprovalDecision.ConfirmDead) ReallyEnd(task);
        var approval = A.Approval(task, decision, $"ok-{++_approvalNumber}", at: _now);
        _approvals.Add(approval);
        _everMade[approval.Metadata.Uid] = approval;
    }
}
