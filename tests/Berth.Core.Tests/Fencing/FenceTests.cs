using Berth.Api;
using Berth.Core.Fencing;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Fencing;

public sealed class FenceTests
{
    private static readonly AttemptStatus Attempt = A.Attempt(2, AttemptKind.Apply) with { StartedAt = A.T0 };

    private static readonly Dictionary<int, DateTimeOffset> Finished = new() { [0] = A.T0.AddSeconds(1) };

    public static TheoryData<string, PodFacts?, AgentFacts?> Proofs => new()
    {
        { "ContainerTerminated", A.Pod(with: p => p with { SlotFinishedAt = Finished }), null },
        { "PodTerminated", A.Pod(with: p => p with { Terminal = true, AllTerminated = true }), null },
        { "RunnerRestarted", null, A.Agent() with { Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 4, null, null, null) } } },
        { "AgentReportedEnd", null, A.Agent(A.Ended(Attempt.Id)) },
        { "AgentReportedEnd", null, A.Agent(new AgentAttempt { Id = Attempt.Id, Refused = new Refusal("SlotTaken", "") }) },
        { "NodeRebooted", A.Pod(with: p => p with { NodeBootId = "boot-2" }), null },
        { "NodeOutOfService", A.Pod(with: p => p with { NodeReady = false, NodeOutOfService = true }), null },
    };

    [Theory, MemberData(nameof(Proofs))]
    public void These_prove_it_dead(string proof, PodFacts? pod, AgentFacts? agent) => Assert.Equal(proof, Fence.Prove(Attempt, pod, agent));

    public static TheoryData<string, PodFacts?, AgentFacts?> NonProofs => new()
    {
        { "nothing known", null, null },
        { "pod object gone", A.Pod(with: p => p with { Exists = false, SlotFinishedAt = Finished }), null },
        { "terminated in the very second of the start", A.Pod(with: p => p with { SlotFinishedAt = new Dictionary<int, DateTimeOffset> { [0] = A.T0.AddMilliseconds(999) } }), null },
        { "another slot terminated", A.Pod(with: p => p with { SlotFinishedAt = new Dictionary<int, DateTimeOffset> { [1] = A.T0.AddSeconds(9) } }), null },
        { "phase alone", A.Pod(with: p => p with { Terminal = true }), null },
        { "garbage collector", A.Pod(with: p => p with { Terminal = true, AllTerminated = true, MarkedByCollector = true }), null },
        { "deletionTimestamp", A.Pod(with: p => p with { Deleting = true }), null },
        { "node not ready", A.Pod(with: p => p with { NodeReady = false }), null },
        { "node not ready with another boot id", A.Pod(with: p => p with { NodeReady = false, NodeBootId = "boot-2" }), null },
        { "node deleted", A.Pod(with: p => p with { NodeExists = false }), null },
        { "agent silent", A.Pod(), A.Agent(A.Running(Attempt.Id)) with { Connected = false, SilentSince = A.T0.AddHours(-9) } },
        { "agent does not know it", A.Pod(), A.Agent() },
        { "the slot's runner was restarted, but its agent says that the attempt may run", A.Pod(), A.Agent(A.Running(Attempt.Id)) with { Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 4, Attempt.Id, null, null) } } },
    };

    [Theory, MemberData(nameof(NonProofs))]
    public void These_prove_nothing(string what, PodFacts? pod, AgentFacts? agent) => Assert.True(Fence.Prove(Attempt, pod, agent) is null, what);

    [Fact]
    public void Without_a_boot_id_that_agent_and_kubelet_agreed_on_no_other_proves_anything() =>
        Assert.Null(Fence.Prove(Attempt with { NodeBootId = "" }, A.Pod(with: p => p with { NodeBootId = "boot-2" }), null));

    [Fact]
    public void Without_a_known_start_a_termination_proves_nothing() =>
        Assert.Null(Fence.Prove(Attempt with { StartedAt = null }, A.Pod(with: p => p with { SlotFinishedAt = Finished }), null));
}
