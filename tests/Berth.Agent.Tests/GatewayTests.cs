using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>Finding the leader, and noticing when it is gone.</summary>
public sealed class GatewayTests
{
    [Fact]
    public async Task Follows_a_redirect_to_the_leader()
    {
        await using var standby = await ScriptedGateway.StartAsync();
        await using var leader = await ScriptedGateway.StartAsync();
        standby.RedirectTo = leader.Address;
        await using var pod = new PodUnderTest(leader);
        pod.PointTo(standby, leader);
        File.WriteAllText(Path.Combine(pod.Options.GatewayDirectory, "addresses"), standby.Address);
        pod.StartAgent();
        var hello = await leader.ExpectAsync<Hello>();
        Assert.Equal(("default", "pool-a-1", "pod-uid-1", "node-1", "boot-1"), (hello.Namespace, hello.Pod, hello.PodUid, hello.Node, hello.NodeBootId));
    }

    [Fact]
    public async Task Says_which_leader_it_was_sent_to_and_cannot_reach()
    {
        await using var standby = await ScriptedGateway.StartAsync();
        await using var gone = await ScriptedGateway.StartAsync();
        var dead = gone.Address;
        await gone.DisposeAsync();
        standby.RedirectTo = dead;
        await using var pod = new PodUnderTest(standby);
        pod.StartAgent();
        await standby.ExpectAsync<Hello>(h => h.Unreachable.Length == 0);
        await standby.ExpectAsync<Hello>(h => h.Unreachable == dead);
        standby.RedirectTo = null;
        await standby.ExpectAsync<Inventory>();
        standby.ForgetFrames();
        standby.DropConnections();
        Assert.Equal("", (await standby.ExpectAsync<Hello>()).Unreachable);
    }

    [Fact]
    public async Task Finds_the_next_leader_once_somebody_leads()
    {
        await using var first = await ScriptedGateway.StartAsync();
        await using var second = await ScriptedGateway.StartAsync();
        second.RedirectTo = first.Address;
        second.Epoch = 2;
        await using var pod = new PodUnderTest(first);
        pod.PointTo(first, second);
        pod.StartAgent();
        await first.ExpectAsync<Hello>();
        second.RedirectTo = null;
        await first.DisposeAsync();
        await second.ExpectAsync<Hello>();
        await second.ExpectAsync<Inventory>(i => i.HighestEpoch == 2);
    }

    [Fact]
    public async Task Who_has_just_ended_the_connection_is_asked_last()
    {
        await using var first = await ScriptedGateway.StartAsync();
        await using var second = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(first);
        pod.PointTo(first, second);
        pod.StartAgent();
        await Eventually.TrueAsync(() => first.Connections + second.Connections == 1, "the agent is connected");
        var (here, there) = first.Connections == 1 ? (first, second) : (second, first);
        for (var i = 2; i < 10; i++)
        {
            var before = there.Connections;
            here.DropConnections();
            await Eventually.TrueAsync(() => first.Connections + second.Connections == i, "the agent is connected again");
            Assert.Equal(before + 1, there.Connections);
            (here, there) = (there, here);
        }
    }

    [Fact]
    public async Task A_silent_leader_is_left()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        gateway.PingSeconds = 1;
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        await gateway.ExpectAsync<Hello>();
        await Eventually.TrueAsync(() => gateway.Connections >= 2, "dialled anew after three missed pings");
    }

    [Fact]
    public async Task Pings_are_answered_and_keep_the_connection()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        gateway.PingSeconds = 1;
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        await gateway.ExpectAsync<Inventory>();
        for (var i = 0; i < 8; i++)
        {
            await gateway.SendAsync(new Ping { Nonce = i });
            var nonce = i;
            await gateway.ExpectAsync<Pong>(p => p.Nonce == nonce);
            await Task.Delay(500);
        }
        Assert.Equal(1, gateway.Connections);
    }

    [Fact]
    public async Task A_gateway_of_another_name_or_another_CA_is_refused()
    {
        await using var other = await ScriptedGateway.StartAsync("other.example");
        await using var foreign = await ScriptedGateway.StartAsync();
        await using var good = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(good);
        pod.PointTo(other, good);
        File.WriteAllText(Path.Combine(pod.Options.GatewayDirectory, "addresses"), $"{other.Address},{foreign.Address},{good.Address}");
        for (var i = 0; i < 3; i++)
        {
            pod.StartAgent();
            await good.ExpectAsync<Hello>();
            good.ForgetFrames();
            await pod.StopAgentAsync();
        }
        Assert.Empty(other.All<Hello>());
        Assert.Empty(foreign.All<Hello>());
    }

    [Fact]
    public async Task Token_and_addresses_are_read_anew_on_every_dial()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        await File.WriteAllTextAsync(pod.Options.TokenFile, "expired");
        File.WriteAllText(Path.Combine(pod.Options.GatewayDirectory, "addresses"), "127.0.0.1:1");
        pod.StartAgent();
        await Task.Delay(300);
        Assert.Empty(gateway.All<Hello>());
        await File.WriteAllTextAsync(pod.Options.TokenFile, gateway.Token + "\n");
        pod.PointTo(gateway);
        await gateway.ExpectAsync<Hello>();
    }

    [Fact]
    public async Task Frames_of_a_newer_operator_are_ignored()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway);
        pod.StartAgent();
        await gateway.ExpectAsync<Inventory>();
        await gateway.SendAsync(new Frame());
        await gateway.SendAsync(new Ping { Nonce = 1 });
        await gateway.ExpectAsync<Pong>();
        Assert.Equal(1, gateway.Connections);
    }
}
