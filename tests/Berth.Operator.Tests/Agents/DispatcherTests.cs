using Berth.Operator.Agents;
using Berth.Operator.Leadership;
using Berth.Operator.Telemetry;
using Berth.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.Agents;

/// <summary>Invariant 10: what is sent is sent by whoever holds the Lease at that moment.</summary>
public sealed class DispatcherTests
{
    private static readonly Hello Agent = new() { Namespace = "ns", Pod = "pod-a", PodUid = "uid-a", Node = "node-1" };

    [Fact]
    public async Task A_leader_that_still_holds_the_lease_sends_in_order()
    {
        var sent = await SendAsync(confirmed: true);
        Assert.Equal(["a-1", "a-2"], sent.Cast<Cancel>().Select(c => c.Attempt));
    }

    [Fact]
    public async Task A_deposed_leader_sends_nothing() => Assert.Empty(await SendAsync(confirmed: false));

    /// <summary>Queues two orders, as a reconciler does, runs the dispatcher, and returns what reached the connection.</summary>
    private static async Task<List<Frame>> SendAsync(bool confirmed)
    {
        using var metrics = new OperatorMetrics();
        using var closed = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var agents = new AgentRegistry(metrics, TimeProvider.System, NullLogger<AgentRegistry>.Instance);
        var session = new AgentSession(Agent, agents.NextConnection(), closed);
        agents.Connect(session, Agent);
        var asked = new TaskCompletionSource();
        var term = new Term("leader-a", 7, DateTimeOffset.UnixEpoch, _ => { asked.TrySetResult(); return Task.FromResult(confirmed); }, CancellationToken.None);
        var dispatcher = new Dispatcher(agents, NullLogger<Dispatcher>.Instance);
        dispatcher.Send(term, Agent.PodUid, new Cancel { Epoch = 7, Attempt = "a-1" });
        dispatcher.Send(term, Agent.PodUid, new Cancel { Epoch = 7, Attempt = "a-2" });
        var running = dispatcher.RunAsync(term, limit.Token);
        await asked.Task.WaitAsync(limit.Token);
        var frames = new List<Frame>();
        if (confirmed) while (frames.Count < 2) frames.Add(await session.Outgoing.ReadAsync(limit.Token));
        else await Task.WhenAny(running, session.Outgoing.WaitToReadAsync(limit.Token).AsTask());
        while (session.Outgoing.TryRead(out var frame)) frames.Add(frame);
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => { await running; limit.Token.ThrowIfCancellationRequested(); });
        return frames;
    }
}
