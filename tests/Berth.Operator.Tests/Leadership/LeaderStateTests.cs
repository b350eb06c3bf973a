using Berth.Operator.Leadership;
using Xunit;

namespace Berth.Operator.Tests.Leadership;

/// <summary>An agent that cannot reach the leader waits with a standby until there is another one.</summary>
public sealed class LeaderStateTests
{
    private const string Dead = "10.0.0.1:8443";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Waits_until_this_replica_leads()
    {
        var state = new LeaderState();
        state.SeeLeader(Dead, "");
        var waiting = Wait(state);
        state.SeeLeader(Dead, "");
        state.SeeLeader("", "");
        Assert.False(waiting.IsCompleted);
        state.Begin(new Term("me", 2, DateTimeOffset.UnixEpoch, _ => Task.FromResult(true), CancellationToken.None));
        await waiting.WaitAsync(Long);
    }

    [Fact]
    public async Task Waits_until_another_one_leads()
    {
        var state = new LeaderState();
        state.SeeLeader(Dead, "");
        var waiting = Wait(state);
        Assert.False(waiting.IsCompleted);
        state.SeeLeader("10.0.0.2:8443", "");
        await waiting.WaitAsync(Long);
    }

    [Fact]
    public async Task Does_not_wait_for_what_is_there()
    {
        var state = new LeaderState();
        state.SeeLeader("10.0.0.2:8443", "");
        await Wait(state).WaitAsync(Long);
    }

    [Fact]
    public async Task Waits_until_the_leader_proves_to_be_alive()
    {
        var state = new LeaderState();
        state.SeeLeader(Dead, "");
        state.SeeRenewal();
        var waiting = Wait(state);
        Assert.False(waiting.IsCompleted);
        state.SeeRenewal();
        await waiting.WaitAsync(Long);
    }

    [Fact]
    public async Task Does_not_wait_where_nothing_is_known_of_the_Lease() => await Wait(new LeaderState()).WaitAsync(Long);

    [Fact]
    public async Task Waits_no_longer_than_asked_and_ends_with_its_caller()
    {
        var state = new LeaderState();
        state.SeeLeader(Dead, "");
        await state.WaitForAnotherAsync(Dead, TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None).WaitAsync(Long);
        using var gone = new CancellationTokenSource();
        var waiting = state.WaitForAnotherAsync(Dead, Long, TimeProvider.System, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Long));
    }

    private static Task Wait(LeaderState state) => state.WaitForAnotherAsync(Dead, Long, TimeProvider.System, CancellationToken.None);
}
