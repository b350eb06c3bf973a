using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Dev.Stack;
using Berth.Cli.Verbs.Decide;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Demo;

/// <summary>What the demo shows, chapter by chapter.</summary>
internal sealed class Story(ClusterSession admin, InstanceDirectory directory, Samples samples, TaskFeed feed, Narrator narrator)
{
    private const string Namespace = "default";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AfterTakeover = TimeSpan.FromSeconds(60);

    private readonly Casualties casualties = new(admin.Client, directory);
    private readonly List<Actor> cast = [];

    public IReadOnlyList<Actor> Cast => cast;

    /// <summary>How often the leader had changed before and after the demo killed it.</summary>
    public (long Before, long After) LeaderChanges { get; private set; }

    /// <exception cref="DevException">Something does not happen in time.</exception>
    public async Task TellAsync(CancellationToken stop)
    {
        await PoolAsync(stop);
        await ThreeTasksAsync(stop);
        await PodLostWhileApprovalIsAwaitedAsync(stop);
        await PodLostWhilePlanningAsync(stop);
        await LeaderKilledAsync(stop);
    }

    private async Task PoolAsync(CancellationToken stop)
    {
        narrator.Chapter("A pool of two warm pods, three slots each");
        await admin.Client.CreateAsync(Resources.Dynamic(Names.Group, Names.Version, "agentpools", "AgentPool", namespaced: true), Samples.Pool(), Namespace, cancellationToken: stop);
        await Until.TrueAsync("The pool is not ready", Soon, directory.Log("pods"), async s =>
        {
            var pool = await admin.Client.GetAsync(BerthResources.Pools, new(Namespace, "samples"), cancellationToken: s);
            var ready = pool.Status.Conditions.FirstOrDefault(c => c.Type == "Ready");
            return ready?.Status == ConditionStatus.True ? null : $"{ready?.Reason}: {ready?.Message}";
        }, stop);
        narrator.Act("the pool is ready: every slot is started and idle");
    }

    private async Task ThreeTasksAsync(CancellationToken stop)
    {
        narrator.Chapter("Three tasks: plan, a person approves, apply");
        var tasks = new List<Actor>();
        foreach (var workspace in new[] { "network", "storage", "accounts" }) tasks.Add(await CreateAsync(workspace, "first", slow: false, stop));
        var approvers = new[] { "alice", "bob", "alice" };
        await Task.WhenAll(tasks.Select((task, i) => ApproveWhenPlannedAsync(task, approvers[i], stop)));
        await Task.WhenAll(tasks.Select(task => SucceededAsync(task, Soon, stop)));
    }

    private async Task PodLostWhileApprovalIsAwaitedAsync(CancellationToken stop)
    {
        narrator.Chapter("A pod is lost while its task waits for approval: the plan moves to another slot, unchanged");
        var task = await CreateAsync("gateway", "first", slow: false, stop);
        var planned = await PlannedAsync(task, stop);
        task.LostPod = planned.Status.Slot!.Pod;
        var digest = planned.Status.Plan!.Digest;
        narrator.Strike($"pod {task.LostPod} is deleted by force");
        await casualties.DeletePodAsync(Namespace, task.LostPod, stop);
        await feed.UntilAsync(task.Name, "on another slot with the same plan", Soon,
            t => t.Status.Phase == TaskPhase.ApplyPending && t.Status.Slot is { Warm: true } slot && slot.PodUid != planned.Status.Slot.PodUid && t.Status.Plan?.Digest == digest, stop);
        await ApproveAsync(task, "alice", stop);
        await SucceededAsync(task, Soon, stop);
    }

    private async Task PodLostWhilePlanningAsync(CancellationToken stop)
    {
        narrator.Chapter("A pod is lost before the plan is stored: the task is planned anew");
        var task = await CreateAsync("archive", "first", slow: true, stop);
        var planning = await PlanRunsAsync(task, stop);
        (task.LostPod, task.LostBeforePlan) = (planning.Status.Attempt!.Pod, true);
        // Proof of death needs the kubelet's clock to be past the second in which the attempt started.
        await Task.Delay(TimeSpan.FromSeconds(1.1), stop);
        var killed = await casualties.KillProcessesAsync(Namespace, task.LostPod, stop);
        narrator.Strike($"kill -9 of all {killed} processes of pod {task.LostPod}");
        await feed.UntilAsync(task.Name, "reset", Soon, t => t.Status.Resets > 0, stop);
        await ApproveWhenPlannedAsync(task, "bob", stop);
        await SucceededAsync(task, Soon, stop);
    }

    private async Task LeaderKilledAsync(CancellationToken stop)
    {
        narrator.Chapter("The operator that leads is killed while a plan runs and another waits: the next one goes on");
        var running = await CreateAsync("reports", "first", slow: true, stop);
        var waiting = await CreateAsync("network", "second", slow: false, stop);
        await PlannedAsync(waiting, stop);
        await PlanRunsAsync(running, stop);
        var (leader, before) = await casualties.KillLeaderAsync(stop);
        narrator.Strike($"kill -9 of the leader, {leader}");
        await ApproveAsync(waiting, "alice", stop);
        await SucceededAsync(waiting, AfterTakeover, stop);
        await ApproveWhenPlannedAsync(running, "bob", stop);
        await SucceededAsync(running, Soon, stop);
        var (holder, after) = await casualties.LeaderAsync(stop);
        LeaderChanges = (before, after);
        narrator.Act($"{holder.Split('_')[0]} leads now");
    }

    private async Task<Actor> CreateAsync(string workspace, string value, bool slow, CancellationToken stop)
    {
        var manifest = samples.Task(workspace, value, slow);
        var created = await admin.Client.CreateAsync(Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", namespaced: true), manifest, Namespace, cancellationToken: stop);
        var actor = new Actor(workspace, value, await admin.TaskAsync(created["metadata"]!["name"]!.GetValue<string>(), stop));
        cast.Add(actor);
        return actor;
    }

    private Task<TaskResource> PlannedAsync(Actor actor, CancellationToken stop) =>
        feed.UntilAsync(actor.Name, "planned and stored", Soon, t => t.Status is { Phase: TaskPhase.ApplyPending, Plan.Stored: true, Slot: not null }, stop);

    // The slow sample's plan begins with a sleep; that process is there once the command has truly been started.
    private async Task<TaskResource> PlanRunsAsync(Actor actor, CancellationToken stop)
    {
        var task = await feed.UntilAsync(actor.Name, "planning", Soon, t => t.Status is { Phase: TaskPhase.Planning, Attempt: not null }, stop);
        await Until.TrueAsync($"The plan of {actor.Name} does not run", Soon, directory.Log("pods"),
            async s => await casualties.RunsAsync(Namespace, task.Status.Attempt!.Pod, "sleep", s) ? null : "no such process in its pod", stop);
        return task;
    }

    private async Task ApproveWhenPlannedAsync(Actor actor, string user, CancellationToken stop)
    {
        await PlannedAsync(actor, stop);
        await ApproveAsync(actor, user, stop);
    }

    private async Task ApproveAsync(Actor actor, string user, CancellationToken stop)
    {
        var task = feed.Latest(actor.Name);
        actor.ApprovedDigest = task.Status.Plan!.Digest;
        using var session = new ClusterSession(KubernetesConfig.Load(directory.KubeconfigOf(user)), Namespace);
        // Said first: the operator is quicker than the next line.
        narrator.Act($"{user} approves {actor.Workspace}: {task.Status.Plan.Summary}, {Digests.Short(actor.ApprovedDigest)}");
        await Decision.WriteAsync(session, task, new() { Decision = ApprovalDecision.Approve, Digest = actor.ApprovedDigest }, stop);
    }

    private Task<TaskResource> SucceededAsync(Actor actor, TimeSpan limit, CancellationToken stop) =>
        feed.UntilAsync(actor.Name, "done", limit, t => t.Status.Phase == TaskPhase.Succeeded, stop);
}
