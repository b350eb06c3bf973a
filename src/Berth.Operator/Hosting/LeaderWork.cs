using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Pools;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Approvals;
using Berth.Operator.Checkpoints;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Options;
using Berth.Operator.Placement;
using Berth.Operator.Pools;
using Berth.Operator.Tasks;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Notifications;

namespace Berth.Operator.Hosting;

/// <summary>Everything that only the leader does, for the length of one term.</summary>
internal sealed class LeaderWork
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PoolsTogether = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StuckAfter = TimeSpan.FromMinutes(5);
    private readonly ClusterCache _cache;
    private readonly LeaderState _leader;
    private readonly AgentRegistry _agents;
    private readonly PlacementLoop _placement;
    private readonly GatewayPublisher _gateway;
    private readonly Dispatcher _dispatcher;
    private readonly LoopSupervisor _loops;
    private readonly HistoryWriter _history;
    private readonly HistoryUpkeep _upkeep;
    private readonly HistorySpill _spill;
    private readonly HistoryCondition _condition;
    private readonly HistoryCatchUp _catchUp;
    private readonly VerbAudit _audit;
    private readonly MountWatch _mounts;
    private readonly WakeupWatch _wakeups;
    private readonly EscalationWatch _escalations;
    private readonly PoolCare _care;
    private readonly NamespaceStorage _storage;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaderWork> _log;
    private readonly Func<Controllers> _controllers;
    private volatile Controllers? _running;

    public LeaderWork(
        ClusterCache cache, LeaderState leader, AgentRegistry agents, PlacementLoop placement, GatewayPublisher gateway, Dispatcher dispatcher, LoopSupervisor loops,
        HistoryWriter history, HistoryUpkeep upkeep, HistorySpill spill, HistoryCondition condition, HistoryCatchUp catchUp, VerbAudit audit, MountWatch mounts, PlanStore plans, PoolStates states, ApprovalProver prover, TaskReconciler tasks, PoolReconciler pools, AgentJanitor janitor, WakeupWatch wakeups,
        OperatorOptions options, TimeProvider time, ILoggerFactory logging,
        EscalationWatch escalations, PoolCare care, NamespaceStorage storage, CheckpointReports checkpoints)
    {
        (_cache, _leader, _agents, _placement, _gateway, _dispatcher, _loops, _history, _time) = (cache, leader, agents, placement, gateway, dispatcher, loops, history, time);
        (_upkeep, _spill, _condition, _catchUp, _audit, _mounts) = (upkeep, spill, condition, catchUp, audit, mounts);
        _wakeups = wakeups;
        (_escalations, _care, _storage) = (escalations, care, storage);
        _log = logging.CreateLogger<LeaderWork>();
        _controllers = () => new Controllers(
            new Controller<ObjectKey>(new ControllerOptions { Name = "task", Workers = options.Operator.Workers, Time = time, Logging = logging }, tasks.ReconcileAsync),
            new Controller<ObjectKey>(new ControllerOptions { Name = "pool", Workers = 4, Time = time, Logging = logging }, pools.ReconcileAsync),
            new Controller<string>(new ControllerOptions { Name = "agent", Workers = 2, Time = time, Logging = logging }, janitor.ReconcileAsync));
        Subscribe(plans, states, prover, tasks);
        checkpoints.Answered += key => WakeTask(key);
    }

    /// <summary>Whether the work loops make progress; the lease is renewed only while they do.</summary>
    public bool IsProgressing() => _running is not { } running || (running.Tasks.IsProgressing(StuckAfter) && running.Pools.IsProgressing(StuckAfter));

    /// <summary>Leads until the term ends. Decides nothing before the caches have passed a list begun after acquisition.</summary>
    public async Task LeadAsync(LeaderTerm lease, string identity, Func<CancellationToken, Task<bool>> confirm)
    {
        _placement.Reset();
        _wakeups.Reset();
        _gateway.Reset();
        await _cache.RefreshAsync(lease.Stop);
        using var controllers = _controllers();
        var term = new Term(identity, lease.Epoch, _time.GetUtcNow(), confirm, lease.Lost);
        _running = controllers;
        _leader.Begin(term);
        _log.LogInformation("Leading with epoch {Epoch}: {Tasks} tasks, {Pods} agent pods", term.Epoch, _cache.Tasks.Count, _cache.Pods.Count);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(lease.Lost);
        var loops = Task.WhenAll(
            _loops.RunAsync("pool-care", _care.RunAsync, ending.Token),
            _loops.RunAsync("namespace-storage", _storage.RunAsync, ending.Token),
            _loops.RunAsync("mounts", _mounts.RunAsync, ending.Token),
            _loops.RunAsync("escalation", _escalations.RunAsync, ending.Token),
            _loops.RunAsync("dispatcher", stop => _dispatcher.RunAsync(term, stop), ending.Token),
            _loops.RunAsync("placement", _placement.RunAsync, ending.Token),
            _loops.RunAsync("history-upkeep", _upkeep.RunAsync, ending.Token),
            _loops.RunAsync("history-catch-up", _catchUp.RunAsync, ending.Token),
            _loops.RunAsync("audit", _audit.RunAsync, ending.Token),
            _loops.RunAsync("history-spill", _spill.RunAsync, ending.Token),
            _loops.RunAsync("audit-spill", _spill.KeepAuditAsync, ending.Token),
            _loops.RunAsync("sweep", SweepAsync, ending.Token));
        EnqueueAll(controllers);
        await Task.WhenAll(controllers.Tasks.RunAsync(lease.Stop, lease.Lost), controllers.Pools.RunAsync(lease.Stop, lease.Lost), controllers.Agents.RunAsync(lease.Stop, lease.Lost));
        _running = null;
        _leader.End();
        await ending.CancelAsync();
        await loops;
        _agents.CloseAll();
        _log.LogInformation("No longer leading; all work of epoch {Epoch} has ended", term.Epoch);
    }

    private void EnqueueAll(Controllers controllers)
    {
        foreach (var pool in _cache.Pools.Store.List()) controllers.Pools.Queue.Add(pool.Metadata.Key());
        foreach (var task in _cache.Tasks.Kept().Where(t => t.NeedsLook)) controllers.Tasks.Queue.Add(task.Identity.Key, WorkPriority.Background);
        foreach (var approval in _cache.Approvals.Store.List())
            if (!approval.HasVerdict()) controllers.Tasks.Queue.Add(new ObjectKey(approval.Metadata.Namespace, approval.Spec.TaskRef.Name), WorkPriority.Background);
    }

    /// <summary>Wakes every task that is not over, against lost events and for what no event tells.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SweepEvery, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var task in _cache.Tasks.NotQuiet())
                if (!task.IsAtRest()) SweepTask(task.Metadata.Key());
            foreach (var pool in _cache.Pools.Store.List()) WakePool(pool.Metadata.Key());
            foreach (var session in _agents.Sessions()) _running?.Agents.Queue.Add(session.PodUid, WorkPriority.Background);
        }
    }

    private void Subscribe(PlanStore plans, PoolStates states, ApprovalProver prover, TaskReconciler tasks)
    {
        _cache.Tasks.Observed += change =>
        {
            if (change.Type == InformerEventType.Deleted) tasks.Forget(change.Object.Task);
            WakeTask(change.Key, change.IsInitial ? WorkPriority.Background : WorkPriority.Normal);
            if (change.Old is { } old && (old.Phase != change.Object.Phase || (!old.IsQuiet && old.Task.Status.Slot != change.Object.Task.Status.Slot))) WakePool(new ObjectKey(change.Key.Namespace, change.Object.Task.Spec.PoolRef.Name));
        };
        _cache.TaskInformer.AddHandler(_audit.Seen);
        _cache.Pools.AddHandler(_audit.Seen);
        _cache.PodInformer.AddHandler(_audit.Seen);
        _cache.Approvals.AddHandler(_audit.Seen);
        _cache.Approvals.AddHandler(change => WakeTask(new ObjectKey(change.Key.Namespace, change.Object.Spec.TaskRef.Name)));
        _cache.Pools.AddHandler(change =>
        {
            WakePool(change.Key);
            prover.ProofOf(change.Key.Namespace!);
            if (change.Old is null || !PoolSpecs.SameForTasks(change.Old, change.Object) || change.Type == InformerEventType.Deleted) WakeTasksOfPool(change.Key);
        });
        _cache.Pods.Observed += change => PodChanged(change.Object, change.Type);
        _cache.Nodes.AddHandler(change => { foreach (var pod in _cache.Pods.ByIndex(ClusterCache.ByNode, change.Key.Name)) PodChanged(pod, InformerEventType.Updated); });
        _agents.Changed += AgentChanged;
        _cache.Namespaces.AddHandler(NamespaceChanged);
        _storage.Changed += WakeTasksOfNamespace;
        _mounts.Changed += key => _running?.Pools.Queue.Add(key);
        _placement.DemandChanged += key => _running?.Pools.Queue.Add(key);
        _placement.Placed += key => WakeTask(key);
        _history.Acknowledged += key => WakeTask(key);
        _spill.Spilled += key => WakeTask(key);
        _condition.Changed += WakeTasksThatNeedHistory;
        plans.Stored += key => WakeTask(key);
        states.Changed += WakeTasksOfPool;
        prover.Changed += ns => { foreach (var task in _cache.Tasks.Kept()) if (task.Identity.Namespace == ns && task.Phase == TaskPhase.ApplyPending) WakeTask(task.Identity.Key); };
    }

    private void NamespaceChanged(InformerEvent<Namespace> change)
    {
        if (!WorkHolds.Differ(change.Old, change.Object)) return;
        _storage.LookAgain();
        WakeTasksOfNamespace(change.Key.Name);
    }

    /// <summary>Tasks whose plan is not stored say so; tasks that are being deleted need not wait for a database that is away.</summary>
    private void WakeTasksThatNeedHistory()
    {
        foreach (var task in _cache.Tasks.NotQuiet())
            if (task.Metadata.DeletionTimestamp is not null || task.Status is { Phase: TaskPhase.ApplyPending, Plan.Stored: false }) WakeTask(task.Metadata.Key());
    }

    private void PodChanged(Pod pod, InformerEventType type)
    {
        if (pod.Metadata.Uid is not { } uid) return;
        if (type == InformerEventType.Deleted)
        {
            _agents.Remove(uid);
            _mounts.Forget(uid);
        }
        foreach (var task in _cache.Tasks.KeysByIndex(ClusterCache.ByPod, uid)) WakeTask(task);
        if (pod.Metadata.Label(Names.PoolLabel) is { } pool) WakePool(new ObjectKey(pod.Metadata.Namespace, pool));
    }

    private void AgentChanged(string podUid, string? attempt)
    {
        if (attempt is not null && _cache.TaskByUid(AgentCleanup.TaskOf(attempt)) is { } task) WakeTask(task.Metadata.Key());
        _running?.Agents.Queue.Add(podUid);
        if (attempt is not null) return;
        foreach (var held in _cache.Tasks.KeysByIndex(ClusterCache.ByPod, podUid)) WakeTask(held);
        // A pod runs many tasks in its life; of those at rest only those matter whose result the agent still holds.
        foreach (var known in _agents.Facts(podUid)?.Attempts.Keys ?? [])
            if (_cache.TaskByUid(AgentCleanup.TaskOf(known)) is { } over && over.Status.Attempt?.Id == known) WakeTask(over.Metadata.Key());
        if (_cache.PodByUid(podUid) is { } pod && pod.Metadata.Label(Names.PoolLabel) is { } pool) WakePool(new ObjectKey(pod.Metadata.Namespace, pool));
    }

    private void WakeTasksOfPool(ObjectKey pool)
    {
        foreach (var task in _cache.Tasks.KeysByIndex(ClusterCache.ByPool, pool.ToString())) WakeTask(task);
    }

    private void WakeTasksOfNamespace(string ns)
    {
        foreach (var pool in _cache.Pools.Store.List())
            if (pool.Metadata.Namespace == ns)
            {
                WakePool(pool.Metadata.Key());
                WakeTasksOfPool(pool.Metadata.Key());
            }
    }

    private void WakeTask(ObjectKey key, WorkPriority priority = WorkPriority.Normal)
    {
        if (_running is not { } running) return;
        _wakeups.Woken(key);
        running.Tasks.Queue.Add(key, priority);
    }

    private void SweepTask(ObjectKey key)
    {
        if (_running is not { } running) return;
        _wakeups.Swept(key);
        running.Tasks.Queue.Add(key, WorkPriority.Background);
    }

    private void WakePool(ObjectKey key)
    {
        // Each task that moves wakes its pool, and looking at a pool costs by the number of its pods: what happens together is seen together.
        _running?.Pools.Queue.AddAfter(key, PoolsTogether);
        _placement.Trigger(key);
    }

    private sealed record Controllers(Controller<ObjectKey> Tasks, Controller<ObjectKey> Pools, Controller<string> Agents) : IDisposable
    {
        public void Dispose()
        {
            Tasks.Dispose();
            Pools.Dispose();
            Agents.Dispose();
        }
    }
}
