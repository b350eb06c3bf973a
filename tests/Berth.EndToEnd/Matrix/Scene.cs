using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd.Matrix;

/// <summary>
/// One task in each place of its life, at the same time, on one pod. Commands note their attempt in a ledger outside Berth and then wait
/// for a file, so that the moment of the disaster is chosen here.
/// </summary>
internal sealed class Scene : IAsyncDisposable
{
    public const int Slots = 7;
    private readonly Dictionary<Cell, TaskResource> _before = [];
    private int _probes;

    private Scene(BerthStack stack, TestSpace space) => (Stack, Space) = (stack, space);

    public BerthStack Stack { get; }

    public TestSpace Space { get; }

    /// <summary>What of the given cell was before the disaster.</summary>
    public TaskResource Before(Cell cell) => _before[cell];

    /// <summary>Creates the tasks and brings each to its place.</summary>
    public static async Task<Scene> SetAsync(BerthStack stack)
    {
        var space = await stack.SpaceAsync(new JsonObject { ["slotsPerPod"] = Slots, ["applySlotsPerPod"] = Slots, ["agentLostAfter"] = "4s", ["terminationGracePeriod"] = "4s" });
        var scene = new Scene(stack, space);
        await scene.SwitchAsync(on: true);
        await Task.WhenAll(scene.SuspendAsync(), scene.CreateAsync(Cell.Planning), scene.CreateAsync(Cell.Unapproved), scene.ApproveWithoutInputsAsync(), scene.ApplyAndQueueAsync(), scene.CreateAsync(Cell.Run), scene.CreateAsync(Cell.Stopping));
        await scene.NowInPlaceAsync(Cell.Planning, t => t.Status.Phase == TaskPhase.Planning && File.Exists(scene.Plans));
        await scene.NowInPlaceAsync(Cell.Unapproved, t => t.Status is { Phase: TaskPhase.ApplyPending, Slot.Warm: true, Plan.Stored: true, Grant: null });
        await scene.NowInPlaceAsync(Cell.Run, t => t.Status.Phase == TaskPhase.Running && scene.Started(Cell.Run));
        // Last: its command takes no notice, and is killed when its grace is over.
        await scene.StopAsync();
        foreach (var cell in Enum.GetValues<Cell>()) scene._before[cell] = await space.GetAsync(Name(cell));
        scene.Addresses = (await stack.Client.GetAsync(Resources.ConfigMaps, new ObjectKey(space.Name, Names.GatewayConfigMap))).Data!["addresses"];
        return scene;
    }

    /// <summary>Where agents find operators.</summary>
    public string Addresses { get; private set; } = "";

    /// <summary>The pod that all of it runs on.</summary>
    public string Pod => _before[Cell.Unapproved].Status.Slot!.Pod;

    /// <summary>Waits until a task is as the table says.</summary>
    public Task ExpectAsync(Cell cell, Fate fate)
    {
        var before = _before[cell].Status;
        return fate switch
        {
            Fate.Waits => Until(cell, fate, t => t.Status is { Phase: TaskPhase.Pending, Reason: Reasons.WaitingForWorkspace, Attempts: 0 }),
            Fate.Goes => Until(cell, fate, t => t.Status.Phase == before.Phase && t.Status.Attempt!.Id == before.Attempt!.Id && t.Status.Losses == 0),
            Fate.Kept => Until(cell, fate, t => t.Status.Phase == TaskPhase.ApplyPending && t.Status.Slot?.Name == before.Slot?.Name && t.Status.Attempt!.Id == before.Attempt!.Id && SamePlan(t)),
            Fate.Moved => Until(cell, fate, t => t.Status is { Phase: TaskPhase.ApplyPending, Slot.Warm: true, Resets: 0 } && t.Status.Attempts > before.Attempts && SamePlan(t)),
            Fate.Replanned => Until(cell, fate, t => t.Status is { Phase: TaskPhase.Planning, Losses: 1 } && t.Status.Attempt!.Id != before.Attempt!.Id),
            Fate.Held => Until(cell, fate, t => t.Status is { Phase: TaskPhase.ApplyLost, Loss.Fenced: true, Reason: Reasons.ApplyOutcomeUnknown } && t.Status.Message!.Contains("berth resolve", StringComparison.Ordinal)),
            Fate.LateResult or Fate.ConfirmDead => Until(cell, fate, t => t.Status is { Phase: TaskPhase.ApplyLost, Loss.Fenced: false, Reason: Reasons.ApplyLost } && t.Status.Message!.Contains("confirm-dead", StringComparison.Ordinal)),
            Fate.StopsConfirmed => Until(cell, fate, t => t.Status is { Phase: TaskPhase.Stopping, Loss.Fenced: false, Reason: Reasons.ApplyLost }),
            _ => Until(cell, fate, t => t.Status.Phase is TaskPhase.Stopping or TaskPhase.Stopped),
        };
    }

    /// <summary>Nothing but what ran before the disaster has run since.</summary>
    public void AssertNothingNewWasApplied() =>
        Assert.Equal([Name(Cell.Applying), Name(Cell.Run), Name(Cell.Stopping)], Space.LedgerLines().Select(l => l.Split(' ')[1]).Order(StringComparer.Ordinal));

    /// <summary>Lets everything go on, decides as people would, and waits until each task has come to the end that its fate leads to.</summary>
    public async Task EndAsync(IReadOnlyDictionary<Cell, Fate> fates)
    {
        await SwitchAsync(on: true);
        foreach (var cell in Enum.GetValues<Cell>()) await File.WriteAllTextAsync(Gate(cell), "");
        await Space.PatchAsync(Name(Cell.Suspended), new JsonObject { ["desiredState"] = "Running" });
        await Task.WhenAll(
            ApproveAsync(Cell.Planning), ApproveAsync(Cell.Unapproved), ApproveAsync(Cell.Suspended), Space.UntilAsync(Name(Cell.Approved), TaskPhase.Succeeded),
            EndWorkAsync(Cell.Run, fates[Cell.Run]), EndStopAsync(fates[Cell.Stopping]), EndWorkThenQueueAsync(fates[Cell.Applying]));
    }

    /// <summary>Each command that changes something ran exactly once, whatever happened; and all of it is in the database.</summary>
    public async Task AuditAsync()
    {
        var ran = Space.LedgerLines().Select(l => l.Split(' ')).ToList();
        Assert.Equal(Enum.GetValues<Cell>().Select(Name).Order(StringComparer.Ordinal), ran.Select(l => l[1]).Order(StringComparer.Ordinal));
        Assert.Equal(ran.Count, ran.Select(l => l[0]).Distinct().Count());
        await using var history = new Berth.History.HistoryStore(Stack.Env("POSTGRES"));
        foreach (var cell in Enum.GetValues<Cell>())
        {
            var task = await Space.UntilAsync(Name(cell), t => t.Metadata.Finalizers is not { Count: > 0 }, "written and released");
            var rows = await history.GetTransitionsAsync(task.Metadata.Uid);
            Assert.Equal(Enumerable.Range(1, (int)task.Status.History.Seq).Select(i => (long)i), rows.Select(r => r.Seq));
            Assert.Equal(rows.Count(r => r.To == TaskPhase.Applying), cell is Cell.Run or Cell.Stopping ? 0 : 1);
        }
    }

    /// <summary>Waits until some leader plans a task from the beginning to the end: only then "nothing happened" says anything.</summary>
    public async Task ProbeAsync()
    {
        var probe = $"probe-{++_probes}";
        await Retry(() => CreateProbeAsync(probe));
        await Space.UntilAsync(probe, TaskPhase.Succeeded);
    }

    /// <summary>Creates a task that only plans.</summary>
    public Task CreateProbeAsync(string probe) => Space.CreateAsync(probe, s =>
    {
        s["type"] = "Plan";
        s.Remove("apply");
        s["plan"]!["command"] = TestSpace.Shell($"echo $BERTH_ATTEMPT >> {Path.Combine(Stack.Directory, Space.Name + ".probes")}; echo content > plan.out");
    });

    /// <summary>Waits until the pool counts so many idle slots.</summary>
    public async Task UntilIdleAsync(int slots)
    {
        var idle = 0;
        for (var end = DateTime.UtcNow + TestSpace.Patience; DateTime.UtcNow < end; await Task.Delay(200))
            if ((idle = (await Space.GetPoolAsync()).Status.Slots.Idle) >= slots) return;
        throw new TimeoutException($"the pool has {idle} idle slots, {slots} are needed\n{Stack.Logs()}");
    }

    /// <summary>Waits until a file that the pod mounts from a ConfigMap has this content.</summary>
    public async Task UntilFileAsync(string name, string content)
    {
        var folder = await Stack.Pods.DirectoryAsync(Space.Name, Pod);
        for (var end = DateTime.UtcNow + TestSpace.Patience; DateTime.UtcNow < end; await Task.Delay(100))
            if (Directory.EnumerateFiles(folder, name, new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).Any(f => File.ReadAllText(f) == content)) return;
        throw new TimeoutException($"no file {name} below {folder} became {content}");
    }

    /// <summary>Does something against an API server that may be away for a moment.</summary>
    public static async Task Retry(Func<Task> step)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; ; await Task.Delay(200))
        {
            try
            {
                await step();
                return;
            }
            catch (KubernetesException e) when (e.IsTransient && DateTime.UtcNow < end)
            {
                // Tried again until the test's patience ends.
            }
        }
    }

    public ValueTask DisposeAsync() => Space.DisposeAsync();

    private static string Name(Cell cell) => cell.ToString().ToLowerInvariant();

    private string Gate(Cell cell) => Path.Combine(Stack.Directory, $"{Space.Name}.{Name(cell)}.go");

    private string Plans => Path.Combine(Stack.Directory, $"{Space.Name}.plans");

    private bool Started(Cell cell) => Space.LedgerLines().Any(l => l.EndsWith(' ' + Name(cell)));

    private bool SamePlan(TaskResource task) => task.Status.Plan!.Digest == _before[Enum.Parse<Cell>(task.Metadata.Name, ignoreCase: true)].Status.Plan!.Digest;

    private Task Until(Cell cell, Fate fate, Func<TaskResource, bool> condition) => Space.UntilAsync(Name(cell), condition, $"{fate} (was {_before[cell].Status.Phase} as attempt {_before[cell].Status.Attempt?.Id} on {_before[cell].Status.Slot?.Name})");

    private Task<TaskResource> NowInPlaceAsync(Cell cell, Func<TaskResource, bool> condition) => Space.UntilAsync(Name(cell), condition, $"in place as {cell}");

    private Task CreateAsync(Cell cell) => Space.CreateAsync(Name(cell), s =>
    {
        var work = TestSpace.Shell($"echo $BERTH_ATTEMPT {Name(cell)} >> {Space.Ledger}; while [ ! -e {Gate(cell)} ]; do sleep 0.2; done; echo end");
        s["retry"] = new JsonObject { ["backoff"] = new JsonObject { ["initial"] = "200ms", ["max"] = "1s" } };
        switch (cell)
        {
            case Cell.Run or Cell.Stopping:
                s["type"] = "Run";
                s.Remove("plan");
                s.Remove("apply");
                s["run"] = new JsonObject { ["command"] = cell == Cell.Run ? work : TestSpace.Shell($"trap '' TERM; echo $BERTH_ATTEMPT {Name(cell)} >> {Space.Ledger}; while [ ! -e {Gate(cell)} ]; do sleep 0.2; done; exit 1") };
                break;
            case Cell.Planning:
                s["plan"]!["command"] = TestSpace.Shell($"echo $BERTH_ATTEMPT >> {Plans}; while [ ! -e {Gate(cell)} ]; do sleep 0.2; done; echo content > plan.out");
                break;
            case Cell.Applying:
                s["apply"]!["command"] = work;
                break;
            case Cell.Pending:
                s["workspace"] = Name(Cell.Applying);
                break;
            case Cell.Approved:
                s["apply"]!["env"] = new JsonArray(new JsonObject { ["name"] = "SWITCH", ["valueFrom"] = new JsonObject { ["configMapKeyRef"] = new JsonObject { ["name"] = "switch", ["key"] = "on" } } });
                break;
        }
    });

    /// <summary>The ConfigMap without which the approved task cannot begin: that keeps it where it is.</summary>
    private async Task SwitchAsync(bool on)
    {
        var key = new ObjectKey(Space.Name, "switch");
        if (!on) await Stack.Client.DeleteAsync(Resources.ConfigMaps, key);
        else if (await Stack.Client.TryGetAsync(Resources.ConfigMaps, key) is null)
            await Stack.Client.CreateAsync(Resources.ConfigMaps, new ConfigMap { Metadata = new ObjectMeta { Name = "switch", Namespace = Space.Name }, Data = new Dictionary<string, string> { ["on"] = "yes" } }, Space.Name);
    }

    private async Task SuspendAsync()
    {
        await CreateAsync(Cell.Suspended);
        await Space.UntilReservedAsync(Name(Cell.Suspended));
        await Space.PatchAsync(Name(Cell.Suspended), new JsonObject { ["desiredState"] = "Suspended" });
        await NowInPlaceAsync(Cell.Suspended, t => t.Status is { Phase: TaskPhase.ApplyPending, Slot: null, Reason: Reasons.Suspended });
    }

    private async Task ApproveWithoutInputsAsync()
    {
        await CreateAsync(Cell.Approved);
        await Space.UntilReservedAsync(Name(Cell.Approved));
        await SwitchAsync(on: false);
        await Space.DecideAsync(Name(Cell.Approved));
        await NowInPlaceAsync(Cell.Approved, t => t.Status is { Phase: TaskPhase.ApplyPending, Grant.SpentBy: null, Reason: Reasons.InputMissing, Slot.Warm: true });
    }

    private async Task ApplyAndQueueAsync()
    {
        await CreateAsync(Cell.Applying);
        await Space.UntilReservedAsync(Name(Cell.Applying));
        await Space.DecideAsync(Name(Cell.Applying));
        await CreateAsync(Cell.Pending);
        await NowInPlaceAsync(Cell.Applying, t => t.Status.Phase == TaskPhase.Applying && Started(Cell.Applying));
        await NowInPlaceAsync(Cell.Pending, t => t.Status.Reason == Reasons.WaitingForWorkspace);
    }

    private async Task StopAsync()
    {
        await NowInPlaceAsync(Cell.Stopping, _ => Started(Cell.Stopping));
        await Space.PatchAsync(Name(Cell.Stopping), new JsonObject { ["desiredState"] = "Stopped" });
        await NowInPlaceAsync(Cell.Stopping, t => t.Status.Phase == TaskPhase.Stopping);
    }

    private async Task ApproveAsync(Cell cell)
    {
        await Space.UntilReservedAsync(Name(cell));
        await Space.DecideAsync(Name(cell));
        await Space.UntilAsync(Name(cell), TaskPhase.Succeeded);
    }

    private async Task EndWorkThenQueueAsync(Fate fate)
    {
        await EndWorkAsync(Cell.Applying, fate);
        await ApproveAsync(Cell.Pending);
    }

    private async Task EndWorkAsync(Cell cell, Fate fate)
    {
        if (fate == Fate.ConfirmDead) await Space.DecideAsync(Name(cell), ApprovalDecision.ConfirmDead, "bob");
        if (fate is Fate.Held or Fate.ConfirmDead)
        {
            await Space.UntilAsync(Name(cell), t => t.Status.Loss is { Fenced: true }, "fenced");
            await Space.DecideAsync(Name(cell), ApprovalDecision.MarkFailed, "bob");
        }
        await Space.UntilAsync(Name(cell), fate is Fate.Held or Fate.ConfirmDead ? TaskPhase.Failed : TaskPhase.Succeeded);
    }

    private async Task EndStopAsync(Fate fate)
    {
        if (fate == Fate.StopsConfirmed) await Space.DecideAsync(Name(Cell.Stopping), ApprovalDecision.ConfirmDead, "bob");
        await Space.UntilAsync(Name(Cell.Stopping), TaskPhase.Stopped);
    }
}
