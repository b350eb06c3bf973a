using System.Reflection;
using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Matrix;

/// <summary>
/// The matrix in its pure form: what is observed after a disaster, and what a task in each place becomes by it. With real processes it is
/// played in Berth.EndToEnd; what people see and type is in docs/recovery.md.
/// </summary>
public sealed class MatrixTests
{
    private static readonly string[] Known = [.. typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!)];

    /// <summary>waits: not begun. goes: the same attempt. kept: the same plan on the same slot. moves: to another slot with its plan. replans: reset.
    /// lost: perhaps still running. held: proved dead, a person decides. stop?: stopping, not proved.</summary>
    public static TheoryData<string, string> Rows => new()
    {
        //                                                    Pending Planning Unapproved Approved Applying Run  Stopping Suspended
        { "pod asked to end",                                "waits goes     moves     moves    goes goes stopping kept" },
        { "pod gone",                                        "waits replans  moves     moves    lost lost stop?    kept" },
        { "pod evicted: every container seen to end",        "waits replans  moves     moves    held held stopped  kept" },
        { "pod failed: nothing seen to end",                 "waits replans  moves     moves    lost lost stop?    kept" },
        { "slot container restarted, agent tells",           "waits replans  moves     moves    held held stopped  kept" },
        { "agent container restarted",                       "waits goes     kept      kept     goes goes stopping kept" },
        { "force-deleted with the process alive",            "waits goes     moves     moves    goes goes stopping kept" },
        { "force-deleted, object erased",                    "waits replans  moves     moves    lost lost stop?    kept" },
        { "marked Failed by the garbage collector",          "waits replans  moves     moves    lost lost stop?    kept" },
        { "node not ready",                                  "waits goes     kept      kept     goes goes stopping kept" },
        { "node not ready and out of service",               "waits replans  moves     moves    held held stopped  kept" },
        { "node gone",                                       "waits replans  moves     moves    lost lost stop?    kept" },
        { "node back with another boot id, agent back",      "waits replans  moves     moves    held held stopped  kept" },
        { "node back with another boot id, agent silent",    "waits replans  moves     moves    held held stopped  kept" },
        { "agent silent, not yet too long",                  "waits goes     kept      kept     goes goes stopping kept" },
        { "agent silent too long",                           "waits replans  moves     moves    lost lost stop?    kept" },
        { "agent cut off since a takeover, too long",        "waits replans  moves     moves    lost lost stop?    kept" },
        { "operator killed: a new leader, agents back",      "waits goes     kept      kept     goes goes stopping kept" },
        { "leader deposed: a new leader, agents not back",   "waits goes     kept      kept     goes goes stopping kept" },
        { "leader paused and woken, nobody took over",       "waits goes     kept      kept     goes goes stopping kept" },
        { "Lease deleted: the same leader, a new epoch",     "waits goes     kept      kept     goes goes stopping kept" },
        { "both replicas down for an hour",                  "waits goes     kept      kept     goes goes stopping kept" },
        { "API server down: everything looks the same later", "waits goes    kept      kept     goes goes stopping kept" },
        { "PostgreSQL down",                                 "waits goes     kept      kept     goes goes stopping kept" },
    };

    /// <summary>Places that are met more seldom: a plan being restored, a plan or an apply being stopped, suspended with the plan only on its slot, suspended
    /// before it began, and an apply that is lost already.</summary>
    public static TheoryData<string, string> MoreRows => new()
    {
        //                                                    Restoring StoppingPlan StoppingApply SuspendedUnstored SuspendedPending Lost
        { "pod asked to end",                                "kept  stopping stopping kept    waits lost" },
        { "pod gone",                                        "moves stopped  stop?    replans waits lost" },
        { "pod evicted: every container seen to end",        "moves stopped  stopped  replans waits held" },
        { "pod failed: nothing seen to end",                 "moves stopped  stop?    replans waits lost" },
        { "slot container restarted, agent tells",           "moves stopped  stopped  replans waits held" },
        { "agent container restarted",                       "kept  stopping stopping kept    waits lost" },
        { "force-deleted with the process alive",            "kept  stopping stopping kept    waits lost" },
        { "force-deleted, object erased",                    "moves stopped  stop?    replans waits lost" },
        { "marked Failed by the garbage collector",          "moves stopped  stop?    replans waits lost" },
        { "node not ready",                                  "kept  stopping stopping kept    waits lost" },
        { "node not ready and out of service",               "moves stopped  stopped  replans waits held" },
        { "node gone",                                       "moves stopped  stop?    replans waits lost" },
        { "node back with another boot id, agent back",      "moves stopped  stopped  replans waits held" },
        { "node back with another boot id, agent silent",    "moves stopped  stopped  replans waits held" },
        { "agent silent, not yet too long",                  "kept  stopping stopping kept    waits lost" },
        { "agent silent too long",                           "moves stopped  stop?    replans waits lost" },
        { "agent cut off since a takeover, too long",        "moves stopped  stop?    replans waits lost" },
        { "operator killed: a new leader, agents back",      "kept  stopping stopping kept    waits lost" },
        { "leader deposed: a new leader, agents not back",   "kept  stopping stopping kept    waits lost" },
        { "leader paused and woken, nobody took over",       "kept  stopping stopping kept    waits lost" },
        { "Lease deleted: the same leader, a new epoch",     "kept  stopping stopping kept    waits lost" },
        { "both replicas down for an hour",                  "kept  stopping stopping kept    waits lost" },
        { "API server down: everything looks the same later", "kept stopping stopping kept    waits lost" },
        { "PostgreSQL down",                                 "kept  stopping stopping kept    waits lost" },
    };

    private static TaskObserved After(string disaster, TaskObserved s) => disaster switch
    {
        "pod asked to end" or "force-deleted with the process alive" => Pod(s, p => p with { Deleting = true, Draining = true }),
        "pod gone" or "force-deleted, object erased" => Silent(Pod(s, p => p with { Exists = false }), TimeSpan.Zero),
        "pod evicted: every container seen to end" => Silent(Pod(s, p => p with { Terminal = true, AllTerminated = true }), TimeSpan.Zero),
        "pod failed: nothing seen to end" => Silent(Pod(s, p => p with { Terminal = true }), TimeSpan.Zero),
        "slot container restarted, agent tells" => Rebooted(s),
        "agent container restarted" => Silent(s, TimeSpan.Zero),
        "marked Failed by the garbage collector" => Pod(s, p => p with { Terminal = true, AllTerminated = true, MarkedByCollector = true, Draining = true }),
        "node not ready" => Pod(s, p => p with { NodeReady = false }),
        "node not ready and out of service" => Silent(Pod(s, p => p with { NodeReady = false, NodeOutOfService = true, Draining = true }), TimeSpan.Zero),
        "node gone" => Silent(Pod(s, p => p with { NodeExists = false, Draining = true }), TimeSpan.Zero),
        "node back with another boot id, agent back" => Rebooted(Pod(s, p => p with { NodeBootId = "boot-2" })),
        "node back with another boot id, agent silent" => Silent(Pod(s, p => p with { NodeBootId = "boot-2" }), TimeSpan.FromMinutes(3)),
        "agent silent, not yet too long" => Silent(s, TimeSpan.FromSeconds(110)),
        "agent silent too long" => Silent(s, TimeSpan.FromMinutes(3)),
        "agent cut off since a takeover, too long" => NewLeader(s, TimeSpan.FromSeconds(150)) with { Agent = null },
        "operator killed: a new leader, agents back" => NewLeader(s, TimeSpan.Zero),
        "leader deposed: a new leader, agents not back" => NewLeader(s, TimeSpan.FromSeconds(149)) with { Agent = null },
        "leader paused and woken, nobody took over" => s with { Now = s.Now.AddMinutes(2) },
        "Lease deleted: the same leader, a new epoch" => s with { Leader = s.Leader with { Epoch = 8, Since = s.Now } },
        "both replicas down for an hour" => NewLeader(s with { Now = s.Now.AddMinutes(5) }, TimeSpan.FromSeconds(1)) with { Agent = null },
        "PostgreSQL down" => s with { PlanStored = null, Acknowledged = 0 },
        _ => s with { Now = s.Now.AddMinutes(3) },
    };

    [Theory, MemberData(nameof(Rows))]
    public void Every_place_becomes_what_the_table_says(string disaster, string expected) => Compare(disaster, expected, Places.Names);

    [Theory, MemberData(nameof(MoreRows))]
    public void And_so_do_places_that_are_met_more_seldom(string disaster, string expected) => Compare(disaster, expected, Places.MoreNames);

    [Fact]
    public void Both_tables_have_the_same_disasters() => Assert.Equal(Rows.Select(r => r.Data.Item1), MoreRows.Select(r => r.Data.Item1));

    private static void Compare(string disaster, string expected, IReadOnlyList<string> places)
    {
        var became = places.Select(place => (Place: place, Seen: After(disaster, Places.Of(place)))).Select(c => (c.Place, Word: Places.Became(c.Seen.Task, Settle(c.Seen, c.Place))));
        Assert.Equal(string.Join('\n', places.Zip(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), (p, w) => $"{p}: {w}")), string.Join('\n', became.Select(b => $"{b.Place}: {b.Word}")));
    }

    [Theory]
    [InlineData("pod gone", "replans")]
    [InlineData("agent silent too long", "replans")]
    [InlineData("agent container restarted", "kept")]
    [InlineData("node not ready", "kept")]
    [InlineData("pod asked to end", "kept")]
    public void With_PostgreSQL_down_a_plan_that_is_not_stored_is_made_again(string disaster, string expected)
    {
        var unstored = Places.Of("Unapproved") is var s ? s with { Task = A.Reserved(stored: false) } : s;
        Assert.Equal(expected, Places.Became(unstored.Task, Settle(After(disaster, unstored), "Unapproved")));
    }

    /// <summary>Decides until nothing changes any more, and holds every pass against what must be true in any of them.</summary>
    private static TaskDecision Settle(TaskObserved seen, string place)
    {
        var (current, actions, wants) = (seen, new List<TaskAction>(), false);
        for (var pass = 0; pass < 6; pass++)
        {
            var decision = TaskDecider.Decide(current);
            Check(current, decision, place);
            actions.AddRange(decision.Actions);
            wants = decision.WantsSlot;
            if (ReferenceEquals(decision.Status, current.Task.Status)) return decision with { Actions = actions, WantsSlot = wants };
            current = current with { Task = current.Task with { Status = decision.Status } };
        }
        throw new InvalidOperationException($"{place} does not settle: {current.Task.Status.Reason}: {current.Task.Status.Message}");
    }

    private static void Check(TaskObserved seen, TaskDecision decision, string place)
    {
        Assert.DoesNotContain(decision.Transitions, t => t.Row.To is TaskPhase.Applying or TaskPhase.Running);
        Assert.DoesNotContain(decision.Actions, a => a is TaskAction.SendAttempt send && (seen.Agent is not { Connected: true } || seen.Agent.Attempts.ContainsKey(send.Attempt.Id)));
        if (decision.Status.Loss is { Fenced: false }) Assert.DoesNotContain(decision.Actions, a => a is TaskAction.ReleaseSlot);
        Assert.All([decision.Status.Reason!, .. decision.Status.Conditions.Select(c => c.Reason)], r => Assert.Contains(r, Known));
        Assert.True(decision.Status.Message is { Length: > 0 } || !decision.Transitions.Any(), place);
    }

    private static TaskObserved Pod(TaskObserved s, Func<PodFacts, PodFacts> change) => s.Pod is null ? s : s with { Pod = change(s.Pod) };

    private static TaskObserved Silent(TaskObserved s, TimeSpan since) => s.Agent is null ? s : s with { Agent = s.Agent with { Connected = false, SilentSince = s.Now - since } };

    private static TaskObserved NewLeader(TaskObserved s, TimeSpan since) => s with { Leader = new LeaderFacts("leader-b", 8, s.Now - since) };

    /// <summary>The slot's runner was started anew: a later boot, and nothing left of what it had.</summary>
    private static TaskObserved Rebooted(TaskObserved s) => s.Agent is null ? s : s with
    {
        Agent = s.Agent with
        {
            Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 4, null, null, null) },
            Attempts = s.Agent.Attempts.Values.ToDictionary(a => a.Id, a => a with { MayRun = false, End = new AttemptEnd { Kind = EndKind.RunnerLost, At = s.Now } }),
        },
    };
}
