using System.Globalization;
using Berth.Api;
using Berth.Core.Placement;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Placement;

/// <summary>What holds whatever the snapshot: drawn from seeds that a failing case names.</summary>
public sealed class PlacerPropertyTests
{
    private const int Cases = 300;

    public static PlacementSnapshot Draw(int seed)
    {
        var dice = new Random(seed);
        var pods = Enumerable.Range(0, dice.Next(0, 8)).Select(i => $"pod-{i}").ToList();
        var current = pods.ToDictionary(p => p, _ => dice.Next(4) > 0);
        var slots = pods.SelectMany(p => Enumerable.Range(0, dice.Next(0, 4)).Select(i => new FreeSlot(p, $"uid-{p}", i, $"node-{p[^1] & 1}", "boot", 1, current[p]))).ToList();
        var waiting = Enumerable.Range(0, dice.Next(0, 30)).Select(i => new WaitingTask
        {
            Name = $"t{i}",
            Uid = string.Create(CultureInfo.InvariantCulture, $"{i:d3}"),
            Workspace = $"w{dice.Next(8)}",
            Priority = dice.Next(3),
            QueuedAt = A.T0.AddSeconds(dice.Next(20)),
            ApplyCapable = dice.Next(3) > 0,
            Supersedes = dice.Next(8) == 0,
            Discardable = dice.Next(2) == 0,
        }).ToList();
        var holders = Enumerable.Range(0, 8).Where(_ => dice.Next(4) == 0).ToDictionary(w => $"w{w}", w => new WorkspaceHolder($"h{w}", $"h{w}", "Applying"));
        foreach (var (workspace, holder) in holders.ToList())
            if (dice.Next(2) == 0) waiting.Add(new WaitingTask { Name = holder.Name, Uid = holder.Uid, Workspace = workspace, ApplyCapable = true, Approved = dice.Next(2) == 0, QueuedAt = A.T0 });
        return new PlacementSnapshot
        {
            Pool = "pool",
            Slots = slots,
            Waiting = waiting,
            ApplyBudget = pods.ToDictionary(p => $"uid-{p}", _ => dice.Next(0, 3)),
            Load = pods.ToDictionary(p => $"uid-{p}", _ => dice.Next(0, 3)),
            Workspaces = holders,
            Held = Enumerable.Range(0, 8).ToDictionary(w => $"w{w}", _ => dice.Next(0, 3)),
            Caps = dice.Next(2) == 0 ? [] : [new TaskCap("pool", dice.Next(1, 12), dice.Next(2) == 0 ? null : dice.Next(1, 4), dice.Next(0, 4), Enumerable.Range(0, 8).ToDictionary(w => $"w{w}", _ => dice.Next(0, 2)))],
            Displaceable = Enumerable.Range(0, dice.Next(0, 4)).Select(i => new Reservation($"r{i}", "uid-pod-0", i, A.T0.AddSeconds(i))).ToList(),
            Freeing = dice.Next(0, 3),
            Given = dice.Next(0, 20),
        };
    }

    private static void Each(Action<PlacementSnapshot, PlacementResult> check)
    {
        var first = Environment.TickCount & 0xffff;
        for (var seed = first; seed < first + Cases; seed++)
        {
            var snapshot = Draw(seed);
            try
            {
                check(snapshot, Placer.Place(snapshot));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public void Nothing_is_sold_twice() => Each((snapshot, result) =>
    {
        Assert.Equal(result.Offers.Count, result.Offers.Values.Select(s => (s.PodUid, s.Index)).Distinct().Count());
        Assert.All(result.Offers.Values, s => Assert.Contains(s, snapshot.Slots));
        var byUid = snapshot.Waiting.ToDictionary(t => t.Uid);
        foreach (var pod in result.Offers.GroupBy(o => o.Value.PodUid)) Assert.True(pod.Count(o => byUid[o.Key].ApplyCapable) <= Math.Max(0, snapshot.ApplyBudget[pod.Key]));
        foreach (var cap in snapshot.Caps)
        {
            Assert.True(result.Offers.Count == 0 || cap.Tasks is null || cap.Held + result.Offers.Count <= cap.Tasks);
            foreach (var workspace in result.Offers.GroupBy(o => byUid[o.Key].Workspace))
                Assert.True(cap.TasksPerWorkspace is null || cap.HeldByWorkspace[workspace.Key] + workspace.Count() <= cap.TasksPerWorkspace);
        }
    });

    [Fact]
    public void One_task_at_most_gets_to_change_a_workspace() => Each((snapshot, result) =>
    {
        var changing = snapshot.Waiting.Where(t => t.ApplyCapable && result.Offers.ContainsKey(t.Uid)).ToList();
        Assert.Equal(changing.Count, changing.Select(t => t.Workspace).Distinct().Count());
        Assert.All(changing, t => Assert.True(!snapshot.Workspaces.TryGetValue(t.Workspace, out var holder) || holder.Uid == t.Uid));
    });

    [Fact]
    public void Everybody_gets_a_slot_or_a_reason() => Each((snapshot, result) =>
    {
        Assert.Equal(snapshot.Waiting.Select(t => t.Uid).Order(), result.Offers.Keys.Concat(result.Waits.Keys).Order());
        Assert.Equal(result.Offers.Keys.Order(), result.Served.Order());
        Assert.All(result.Waits.Values, w => Assert.True(w.Message.Length > 10 && w.Reason is Reasons.WaitingForSlot or Reasons.WaitingForWorkspace or Reasons.LimitReached));
    });

    [Fact]
    public void No_slot_stays_free_that_somebody_waits_for() => Each((snapshot, result) =>
    {
        var free = snapshot.Slots.Except(result.Offers.Values).ToList();
        var byUid = snapshot.Waiting.ToDictionary(t => t.Uid);
        if (free.Count == 0) return;
        Assert.DoesNotContain(result.Waits, w => w.Value.Reason == Reasons.WaitingForSlot && !byUid[w.Key].ApplyCapable);
        Assert.DoesNotContain(result.Waits, w => w.Value.Reason == Reasons.WaitingForSlot && free.Any(s => snapshot.ApplyBudget[s.PodUid] - result.Offers.Count(o => o.Value.PodUid == s.PodUid && byUid[o.Key].ApplyCapable) > 0));
    });

    [Fact]
    public void The_order_of_the_snapshot_does_not_matter() => Each((snapshot, result) =>
    {
        var again = Placer.Place(snapshot with { Waiting = [.. snapshot.Waiting.Reverse()], Slots = [.. snapshot.Slots.Reverse()], Displaceable = [.. snapshot.Displaceable.Reverse()] });
        Assert.Equal(result.Offers.OrderBy(o => o.Key), again.Offers.OrderBy(o => o.Key));
        Assert.Equal(result.Waits.OrderBy(o => o.Key), again.Waits.OrderBy(o => o.Key));
        Assert.Equal(result.Served, again.Served);
        Assert.Equal(Placer.Forecast(snapshot), Placer.Forecast(snapshot with { Waiting = [.. snapshot.Waiting.Reverse()] }));
        Assert.Equal(result.Displaced.Order(), again.Displaced.Order());
    });

    /// <summary>One slot after another becomes free and is kept: who is first in the forecast gets it.</summary>
    [Fact]
    public void Tasks_get_slots_in_the_order_that_was_forecast() => Each((drawn, _) =>
    {
        var now = drawn with { Slots = [], Caps = [], Waiting = [.. drawn.Waiting.Select(t => t with { Supersedes = false })] };
        var (forecast, given) = (Placer.Forecast(now), new List<string>());
        while (given.Count < forecast.Count)
        {
            // Where the oldest comes out of turn, what follows in its workspace moves up: the forecast is made anew with every run.
            if (now.Given % Placer.OldestEvery == Placer.OldestEvery - 1) forecast = [.. given, .. Placer.Forecast(now)];
            var result = Placer.Place(now with { Slots = [new FreeSlot("p", "p", given.Count, "n", "b", 1, true)], ApplyBudget = new Dictionary<string, int> { ["p"] = 1 } });
            if (result.Served is not [var uid]) break;
            given.Add(uid);
            var task = now.Waiting.Single(t => t.Uid == uid);
            var (held, holders) = (new Dictionary<string, int>(now.Held), new Dictionary<string, WorkspaceHolder>(now.Workspaces));
            held[task.Workspace] = held.GetValueOrDefault(task.Workspace) + 1;
            if (task.ApplyCapable) holders[task.Workspace] = new WorkspaceHolder(uid, task.Name, "runs");
            var outOfTurn = now.Given % Placer.OldestEvery == Placer.OldestEvery - 1;
            now = now with { Waiting = [.. now.Waiting.Where(t => t.Uid != uid)], Given = result.Given, Held = held, Workspaces = holders };
            if (outOfTurn) forecast = [.. given, .. Placer.Forecast(now)];
        }
        Assert.Equal(forecast, given);
    });

    [Fact]
    public void Of_two_alike_in_one_workspace_the_older_comes_first() => Each((snapshot, result) =>
    {
        if (snapshot.Given % Placer.OldestEvery + snapshot.Slots.Count >= Placer.OldestEvery) return;
        foreach (var late in snapshot.Waiting.Where(t => result.Offers.ContainsKey(t.Uid)))
            Assert.DoesNotContain(snapshot.Waiting, early => result.Waits.ContainsKey(early.Uid) && !result.Superseded.ContainsKey(early.Uid) && early.Workspace == late.Workspace
                && early.ApplyCapable == late.ApplyCapable && early.Approved == late.Approved && early.Priority == late.Priority && early.QueuedAt < late.QueuedAt);
    });

    [Fact]
    public void Nobody_is_displaced_while_slots_are_free_or_on_their_way() => Each((snapshot, result) =>
    {
        var without = snapshot.Waiting.Count(t => t.Approved && result.Waits.ContainsKey(t.Uid));
        Assert.True(result.Displaced.Count <= Math.Max(0, without - snapshot.Freeing));
        Assert.Subset(snapshot.Displaceable.Select(r => r.TaskUid).ToHashSet(), result.Displaced.ToHashSet());
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_task_of_the_lowest_priority_begins_however_many_more_important_ones_keep_coming(int seed)
    {
        var dice = new Random(seed);
        var poor = new WaitingTask { Name = "poor", Uid = "poor", Workspace = "poor", Priority = -5, QueuedAt = A.T0 };
        var waiting = new List<WaitingTask> { poor };
        long given = 0;
        for (var round = 0; round < 40; round++)
        {
            for (var i = 0; i < 6; i++) waiting.Add(new WaitingTask { Name = $"{round}-{i}", Uid = $"{round}-{i}", Workspace = $"w{dice.Next(4)}", Priority = dice.Next(1, 9), QueuedAt = A.T0.AddSeconds(round + 1) });
            var result = Placer.Place(new PlacementSnapshot
            {
                Pool = "pool",
                Slots = [.. Enumerable.Range(0, 2).Select(i => new FreeSlot("p", "uid-p", i, "n", "b", 1, true))],
                Waiting = waiting,
                ApplyBudget = new Dictionary<string, int> { ["uid-p"] = 2 },
                Workspaces = new Dictionary<string, WorkspaceHolder>(),
                Given = given,
            });
            given = result.Given;
            waiting.RemoveAll(t => result.Offers.ContainsKey(t.Uid));
            if (!waiting.Contains(poor)) return;
        }
        Assert.Fail($"seed {seed}: 80 slots were given away and none to the task that waited longest");
    }

    [Fact]
    public void Workspaces_take_turns()
    {
        WaitingTask Look(string name, string workspace, int age) => new() { Name = name, Uid = name, Workspace = workspace, QueuedAt = A.T0.AddSeconds(-age) };
        var waiting = Enumerable.Range(0, 100).Select(i => Look($"bulk{i:d3}", "bulk", 1000 - i)).Append(Look("small", "small", 1)).ToList();
        var snapshot = new PlacementSnapshot
        {
            Pool = "pool",
            Slots = [.. Enumerable.Range(0, 2).Select(i => new FreeSlot("p", "uid-p", i, "n", "b", 1, true))],
            Waiting = waiting,
            ApplyBudget = new Dictionary<string, int>(),
            Workspaces = new Dictionary<string, WorkspaceHolder>(),
        };
        Assert.Equal(["bulk000", "small"], Placer.Place(snapshot).Offers.Keys.Order());
        Assert.Equal(["small"], Placer.Place(snapshot with { Slots = [snapshot.Slots[0]], Held = new Dictionary<string, int> { ["bulk"] = 1 } }).Offers.Keys);
    }

    [Theory]
    [InlineData(1_000, 300)]
    [InlineData(10_000, 1_000)]
    public void The_cost_grows_with_the_number_of_tasks_and_slots_alone(int tasks, int slots)
    {
        var dice = new Random(7);
        var snapshot = new PlacementSnapshot
        {
            Pool = "pool",
            Slots = [.. Enumerable.Range(0, slots).Select(i => new FreeSlot($"p{i / 3}", $"uid-p{i / 3}", i % 3, $"n{i / 30}", "b", 1, true))],
            Waiting = [.. Enumerable.Range(0, tasks).Select(i => new WaitingTask { Name = $"t{i}", Uid = $"t{i}", Workspace = $"w{dice.Next(tasks)}", Priority = dice.Next(5), QueuedAt = A.T0.AddSeconds(dice.Next(9999)), ApplyCapable = dice.Next(2) == 0 })],
            ApplyBudget = Enumerable.Range(0, slots).Select(i => $"uid-p{i / 3}").Distinct().ToDictionary(p => p, _ => 1),
            Workspaces = new Dictionary<string, WorkspaceHolder>(),
        };
        var result = Placer.Place(snapshot);
        Assert.Equal(slots, result.Offers.Count);
        Assert.True(result.Steps <= tasks + 12L * slots, $"{result.Steps} steps for {tasks} tasks and {slots} slots");
    }
}
