using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;

namespace Berth.Chaos;

/// <summary>People and trouble: creates tasks, approves what waits, resolves what was lost, and kills things in between.</summary>
internal sealed class ChaosRun(BerthStack stack, TestSpace space, Random random, Action<string> log)
{
    private readonly List<string> _tasks = [];
    private int _created;
    private bool _databaseDown;

    /// <summary>Names of all tasks.</summary>
    public IReadOnlyList<string> Tasks => _tasks;

    /// <summary>Creates, decides and kills for some time.</summary>
    public async Task HurtAsync(TimeSpan duration)
    {
        var end = DateTime.UtcNow + duration;
        while (DateTime.UtcNow < end)
        {
            if (_tasks.Count < 40 && random.Next(3) > 0) await TryAsync("create", CreateAsync);
            await DecideAllAsync();
            if (random.Next(3) == 0) await TryAsync("kill", KillAsync);
            await Task.Delay(random.Next(200, 1200));
        }
    }

    /// <summary>Puts everything right and decides until every task is over.</summary>
    public async Task HealAsync()
    {
        if (_databaseDown) await stack.Postgres.StartAgainAsync();
        _databaseDown = false;
        await ForgetWhatNeverWasAsync();
        var end = DateTime.UtcNow + TimeSpan.FromMinutes(4);
        while (DateTime.UtcNow < end)
        {
            await DecideAllAsync();
            var open = 0;
            foreach (var task in _tasks) if (await PhaseAsync(task) is not { } phase || !phase.IsTerminal()) open++;
            if (open == 0) return;
            await Task.Delay(500);
        }
    }

    /// <summary>Tasks whose creation the API server never took, or perhaps did, which only a look tells.</summary>
    private async Task ForgetWhatNeverWasAsync()
    {
        foreach (var name in _tasks.ToList())
        {
            try
            {
                await space.UntilAsync(name, _ => true, "there");
            }
            catch (KubernetesException e) when (e.IsNotFound)
            {
                Say($"{name} was never created");
                _tasks.Remove(name);
            }
        }
    }

    private async Task CreateAsync()
    {
        var name = $"c{_created++}";
        _tasks.Add(name);
        await space.CreateAsync(name, s =>
        {
            s["workspace"] = $"w{random.Next(8)}";
            s["apply"]!["command"] = TestSpace.Shell($"echo $BERTH_ATTEMPT {name} >> {space.Ledger}; sleep {random.Next(0, 3)}; cat plan.out");
            s["retry"] = new System.Text.Json.Nodes.JsonObject { ["backoff"] = new System.Text.Json.Nodes.JsonObject { ["initial"] = "200ms", ["max"] = "1s" } };
            s["recovery"] = new System.Text.Json.Nodes.JsonObject { ["resetLimit"] = 20, ["onApplyLost"] = random.Next(2) == 0 ? "Hold" : "Replan" };
        });
    }

    private async Task DecideAllAsync()
    {
        foreach (var name in _tasks)
            await TryAsync($"decide {name}", async () =>
            {
                var task = await space.GetAsync(name);
                if (task.Status is { Phase: TaskPhase.ApplyPending, Grant: null }) await space.DecideAsync(name);
                else if (task.Status is { Phase: TaskPhase.ApplyLost, Loss.Fenced: true }) await space.DecideAsync(name, random.Next(2) == 0 ? ApprovalDecision.Replan : ApprovalDecision.MarkFailed, "bob");
            });
    }

    private async Task KillAsync()
    {
        var pods = (await stack.Client.ListAsync(Resources.Pods, space.Name)).Items.Where(p => p.Metadata.DeletionTimestamp is null).ToList();
        var pod = pods.Count == 0 ? null : pods[random.Next(pods.Count)].Metadata.Name;
        switch (random.Next(10))
        {
            case 0 or 1 when pod is not null: await SignalAsync(pod, Names.SlotContainer(random.Next(2))); break;
            case 2 when pod is not null: await SignalAsync(pod, Names.AgentContainer); break;
            case 3 when pod is not null: Say($"delete pod {pod}"); await stack.Client.DeleteAsync(Resources.Pods, new ObjectKey(space.Name, pod)); break;
            case 4: await KillOperatorAsync(); break;
            case 5 when !_databaseDown: Say("stop the database"); await stack.Postgres.StopAsync(); _databaseDown = true; break;
            case 5 or 6 when _databaseDown: Say("start the database"); await stack.Postgres.StartAgainAsync(); _databaseDown = false; break;
            case 6 or 7: Say("cut all watches"); await stack.FaultAsync("cut-watches"); break;
            case 8: await RestartApiServerAsync(); break;
            case 9 when pod is not null: await FreezeAgentAsync(pod); break;
        }
    }

    private async Task SignalAsync(string pod, string container)
    {
        Say($"kill {container} of {pod}");
        BerthStack.Signal(await stack.Pods.PidAsync(pod, container), "KILL");
    }

    private Task KillOperatorAsync()
    {
        var pids = stack.OperatorPids();
        var pid = pids[random.Next(pids.Count)];
        Say($"kill operator {pid}");
        BerthStack.Signal(pid, "KILL");
        return Task.CompletedTask;
    }

    /// <summary>Every connection to the API server is cut, and for a moment there is none.</summary>
    private async Task RestartApiServerAsync()
    {
        var down = random.Next(200, 3000);
        Say($"restart the API server, down for {down} ms");
        await stack.FaultAsync($"restart?downMilliseconds={down}");
    }

    /// <summary>The agent says nothing for a while; its slots run on.</summary>
    private async Task FreezeAgentAsync(string pod)
    {
        Say($"freeze the agent of {pod}");
        var agent = $"admin/pods/{space.Name}/{pod}/{{0}}?container={Names.AgentContainer}";
        await stack.Pods.DoAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, agent, "freeze"));
        await Task.Delay(random.Next(500, 5000));
        await stack.Pods.DoAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, agent, "thaw"));
    }

    private async Task<TaskPhase?> PhaseAsync(string task)
    {
        try
        {
            return (await space.GetAsync(task)).Status.Phase;
        }
        catch (KubernetesException e) when (e.IsTransient)
        {
            return null;
        }
    }

    /// <summary>In the middle of chaos a single step may fail; it is said, and the audit at the end is what counts.</summary>
    private async Task TryAsync(string what, Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is KubernetesException or InvalidOperationException or HttpRequestException)
        {
            Say($"{what}: {e.Message}");
        }
    }

    private void Say(string text) => log($"{DateTime.UtcNow:HH:mm:ss} {text}");
}
