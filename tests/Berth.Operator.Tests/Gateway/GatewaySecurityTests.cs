using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using Berth.Api;
using Berth.Operator.Agents;
using Berth.Operator.Gateway;
using Berth.Operator.Options;
using Berth.Protocol;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;
using static Berth.Operator.Tests.Gateway.GatewayUnderTest;

namespace Berth.Operator.Tests.Gateway;

/// <summary>Who gets in, what the ones inside may touch, and what a hostile peer can use up.</summary>
[Collection("meters")]
public sealed class GatewaySecurityTests
{
    [Fact]
    public async Task Only_the_token_of_a_pool_pod_for_our_audience_opens_the_gateway()
    {
        await using var gateway = await StartAsync();
        Assert.Equal(401, await gateway.StatusAsync(null));
        Assert.Equal(401, await gateway.StatusAsync("a-token-that-nobody-knows"));
        Assert.Equal(401, await gateway.StatusAsync(gateway.AddPod("audience", audience: "https://kubernetes.default.svc")));
        Assert.Equal(401, await gateway.StatusAsync(gateway.AddPod("unbound", bound: false)));
        Assert.Equal(401, await gateway.StatusAsync(gateway.AddPod("stranger", inPool: false)));
        Assert.Equal(401, await gateway.StatusAsync(new string('x', 20_000)));
        // The uid of a pool pod with another name or namespace is not that pod.
        var good = gateway.AddPod("good");
        var forged = gateway.AddPod("forged", inPool: false);
        gateway.Tokens[forged]["user"]!["extra"]!["authentication.kubernetes.io/pod-uid"] = new System.Text.Json.Nodes.JsonArray("uid-good");
        Assert.Equal(401, await gateway.StatusAsync(forged));
        Assert.Equal(101, await gateway.StatusAsync(good));
    }

    [Theory]
    [InlineData("other", "ns")]
    [InlineData("good", "elsewhere")]
    public async Task A_hello_that_is_not_the_tokens_pod_is_refused(string pod, string ns)
    {
        await using var gateway = await StartAsync();
        gateway.AddPod("other");
        using var socket = await gateway.ConnectAsync(gateway.AddPod("good"));
        await SendAsync(socket, ProtocolJson.Write(HelloOf(pod, ns)));
        Assert.Null(await ReceiveAsync(socket));
        Assert.Null(gateway.Get<AgentRegistry>().Facts($"uid-{pod}"));
    }

    [Theory]
    [InlineData(ProtocolFacts.Version - 1, true)]
    [InlineData(ProtocolFacts.Version, true)]
    [InlineData(ProtocolFacts.Version + 1, true)]
    [InlineData(ProtocolFacts.Version + 2, false)]
    public async Task An_agent_one_version_away_is_understood_unknown_fields_and_frames_included(int version, bool taken)
    {
        await using var gateway = await StartAsync();
        using var socket = await gateway.ConnectAsync(gateway.AddPod("good"));
        var hello = Encoding.UTF8.GetString(ProtocolJson.Write(HelloOf("good", protocol: version)));
        await SendAsync(socket, Encoding.UTF8.GetBytes($$"""{"newField":{"deep":[1]},{{hello[1..]}}"""));
        Assert.Equal(taken, await ReceiveAsync(socket) is Welcome { Epoch: 7 });
        if (!taken) return;
        await SendAsync(socket, """{"type":"telepathy","thought":1}"""u8.ToArray());
        await SendAsync(socket, """{"slots":[{"index":0,"ready":true,"colour":"blue"}],"mood":"good","type":"inventory"}"""u8.ToArray());
        await UntilAsync(() => gateway.Get<AgentRegistry>().Facts("uid-good")?.Slots.Count == 1, "the inventory was taken");
    }

    [Fact]
    public async Task A_newer_connection_of_a_pod_ends_the_one_before_and_none_can_take_all_places()
    {
        await using var gateway = await StartAsync();
        var token = gateway.AddPod("good");
        using var first = await gateway.ConnectAsync(token);
        await SendAsync(first, ProtocolJson.Write(HelloOf("good")));
        Assert.IsType<Welcome>(await ReceiveAsync(first));
        using var second = await gateway.ConnectAsync(token);
        await SendAsync(second, ProtocolJson.Write(HelloOf("good")));
        Assert.IsType<Welcome>(await ReceiveAsync(second));
        Assert.Null(await ReceiveAsync(first));
        var held = new List<ClientWebSocket>();
        // The place of the connection that was ended is free a moment after its end was told.
        for (var i = 0; i < GatewayLimits.SocketsPerPod - 1; i++) await UntilAsync(() => HoldAsync(gateway, token, held), "a place is free");
        await UntilAsync(async () => await gateway.StatusAsync(token) == 429, "another one was refused");
        Assert.Equal(101, await gateway.StatusAsync(gateway.AddPod("neighbour")));
        foreach (var socket in held) socket.Dispose();
    }

    private static async Task<bool> HoldAsync(GatewayUnderTest gateway, string token, List<ClientWebSocket> held)
    {
        try
        {
            held.Add(await gateway.ConnectAsync(token));
            return true;
        }
        catch (WebSocketException)
        {
            return false;
        }
    }

    [Fact]
    public async Task A_connection_that_says_nothing_or_too_much_is_ended()
    {
        await using var gateway = await StartAsync();
        using var silent = await gateway.ConnectAsync(gateway.AddPod("silent"));
        using var large = await gateway.ConnectAsync(gateway.AddPod("large"));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var piece = new byte[64 * 1024];
        Array.Fill(piece, (byte)' ');
        try
        {
            // One frame without an end: it is cut off at the limit, however long it goes on.
            for (var sent = 0L; sent < 8L * ProtocolFacts.MaxFrameBytes; sent += piece.Length) await large.SendAsync(piece, WebSocketMessageType.Text, false, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or IOException or SocketException)
        {
            // The gateway has hung up, as it must.
        }
        Assert.Null(await ReceiveAsync(large));
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 64 * 1024 * 1024, "a frame without an end was kept");
        Assert.Null(await ReceiveAsync(silent));
    }

    [Fact]
    public async Task Half_a_request_is_not_waited_for()
    {
        await using var gateway = await StartAsync();
        using var slow = new TcpClient();
        await slow.ConnectAsync(gateway.Address.Host, gateway.Address.Port, TestContext.Current.CancellationToken);
        var stream = slow.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {ProtocolFacts.ConnectPath} HTTP/1.1\r\nHost: x\r\n"), TestContext.Current.CancellationToken);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        var answer = new byte[1024];
        var read = 0;
        while (await stream.ReadAsync(answer.AsMemory(read), limit.Token) is > 0 and var count) read += count;
        Assert.StartsWith("HTTP/1.1 408", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_false_tokens_reaches_the_API_server_a_few_at_a_time_and_each_once()
    {
        await using var gateway = await StartAsync(maxConnections: 500);
        gateway.ReviewTakes = TimeSpan.FromMilliseconds(20);
        var flood = Enumerable.Range(0, 200).Select(i => gateway.StatusAsync($"false-token-number-{i % 50}")).ToList();
        Assert.All(await Task.WhenAll(flood), s => Assert.Equal(401, s));
        Assert.InRange(gateway.MostReviewsAtOnce, 1, GatewayLimits.ReviewsAtOnce);
        Assert.InRange(gateway.Reviews, 50, 100);
        Assert.Equal(101, await gateway.StatusAsync(gateway.AddPod("good")));
    }

    [Fact]
    public async Task Past_the_limit_of_connections_others_are_told_to_come_back()
    {
        await using var gateway = await StartAsync(maxConnections: 2);
        using var one = await gateway.ConnectAsync(gateway.AddPod("one"));
        using var two = await gateway.ConnectAsync(gateway.AddPod("two"));
        Assert.Equal(503, await gateway.StatusAsync(gateway.AddPod("three")));
    }

    [Fact]
    public async Task Fuzzed_frames_end_a_connection_and_nothing_else()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
        await using var gateway = await StartAsync(maxConnections: 500);
        var random = new Random(seed);
        for (var round = 0; round < 120; round++)
        {
            var pod = $"fuzz-{round}";
            using var socket = await gateway.ConnectAsync(gateway.AddPod(pod));
            try
            {
                if (random.Next(4) > 0) await SendAsync(socket, ProtocolJson.Write(HelloOf(pod)));
                for (var i = random.Next(1, 12); i > 0; i--) await SendAsync(socket, Fuzz.Frame(random, pod));
            }
            catch (Exception e) when (e is WebSocketException or IOException)
            {
                // Hung up on, which is what most of these deserve.
            }
        }
        Assert.True(gateway.Errors.Count == 0, $"seed {seed}: {string.Join('\n', gateway.Errors.Take(3))}");
        using var good = await gateway.ConnectAsync(gateway.AddPod("good"));
        await SendAsync(good, ProtocolJson.Write(HelloOf("good")));
        Assert.IsType<Welcome>(await ReceiveAsync(good));
        await UntilAsync(() => gateway.Get<AgentRegistry>().Connected == 1, "no fuzzed connection is left");
    }

    [Fact]
    public async Task An_agent_that_tells_of_endless_attempts_is_not_kept_in_memory()
    {
        await using var gateway = await StartAsync();
        using var socket = await gateway.ConnectAsync(gateway.AddPod("good"));
        await SendAsync(socket, ProtocolJson.Write(HelloOf("good")));
        for (var i = 0; i < GatewayLimits.AttemptsPerAgent + 500; i++) await SendAsync(socket, ProtocolJson.Write(new Started { Attempt = $"made-up-{i}" }));
        await SendAsync(socket, ProtocolJson.Write(new Inventory { Slots = [new SlotInventory { Index = 5 }], Attempts = [.. Enumerable.Range(0, 5000).Select(i => new AttemptInventory { Attempt = $"listed-{i}" })] }));
        await UntilAsync(() => gateway.Get<AgentRegistry>().Facts("uid-good")?.Slots.ContainsKey(5) == true, "everything was read");
        Assert.InRange(gateway.Get<AgentRegistry>().Facts("uid-good")!.Attempts.Count, 1, GatewayLimits.AttemptsPerAgent);
    }

    [Fact]
    public async Task Output_of_another_pods_attempt_ends_the_connection()
    {
        await using var gateway = await StartAsync();
        gateway.Cache.Tasks.Wrote(TaskOn("victim", "v"));
        using var socket = await gateway.ConnectAsync(gateway.AddPod("attacker"));
        await SendAsync(socket, ProtocolJson.Write(HelloOf("attacker")));
        Assert.IsType<Welcome>(await ReceiveAsync(socket));
        await SendAsync(socket, ProtocolJson.Write(new Protocol.Output { Attempt = "v-3", Data = "forged"u8.ToArray() }));
        Assert.Null(await ReceiveAsync(socket));
    }

    [Theory]
    [InlineData("PUT", "artifacts/sha256:aaaa")]
    [InlineData("GET", "artifacts/sha256:aaaa")]
    [InlineData("GET", "checkpoints")]
    [InlineData("GET", "checkpoints/sha256:aaaa")]
    [InlineData("PUT", "checkpoints/1")]
    public async Task Files_of_another_pods_attempt_are_refused(string method, string path)
    {
        await using var gateway = await StartAsync();
        gateway.Cache.Tasks.Wrote(TaskOn("victim", "v"));
        Assert.Equal(401, await AskAsync(null));
        Assert.Equal(403, await AskAsync(gateway.AddPod("attacker")));
        Assert.Equal(403, await AskAsync(gateway.AddPod("victim", ns: "elsewhere")));
        Assert.NotEqual(403, await AskAsync(gateway.AddPod("victim")));

        async Task<int> AskAsync(string? token)
        {
            using var http = new HttpClient();
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(gateway.Address, $"/agent/v1/attempts/v-3/{path}"));
            if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            if (method == "PUT") request.Content = new ByteArrayContent([1]);
            using var answer = await http.SendAsync(request);
            return (int)answer.StatusCode;
        }
    }

    [Fact]
    public void An_earlier_attempt_belongs_to_the_pod_that_the_record_names_and_a_claim_counts_for_nothing()
    {
        var task = TaskOn("now", "t") with
        {
            Status = TaskOn("now", "t").Status with { History = new OutboxStatus { Entries = [new OutboxEntry { Attempt = 2, Slot = "before/0" }, new OutboxEntry { Attempt = 3, Slot = "now/1" }] } },
        };
        Assert.True(AttemptAccess.Owns(task, "t-3", new AgentIdentity("ns", "now", "uid-now")));
        Assert.True(AttemptAccess.Owns(task, "t-2", new AgentIdentity("ns", "before", "uid-before")));
        Assert.False(AttemptAccess.Owns(task, "t-2", new AgentIdentity("ns", "now", "uid-now")));
        Assert.False(AttemptAccess.Owns(task, "t-2", new AgentIdentity("elsewhere", "before", "uid-before")));
        Assert.False(AttemptAccess.Owns(task, "t-1", new AgentIdentity("ns", "now", "uid-now")));
        Assert.False(AttemptAccess.Owns(task, "t-x", new AgentIdentity("ns", "now", "uid-now")));
        Assert.False(AttemptAccess.Owns(task, "t-3", new AgentIdentity("ns", "now", "uid-of-its-successor")));
    }

    [Fact]
    public void TLS_is_1_2_or_later_and_the_server_is_bounded()
    {
        var https = new HttpsConnectionAdapterOptions();
        GatewayLimits.Apply(https);
        Assert.Equal(SslProtocols.Tls12 | SslProtocols.Tls13, https.SslProtocols);
        var limits = new KestrelServerLimits();
        GatewayLimits.Apply(limits, new GatewaySection { MaxConnections = 10 });
        Assert.Equal((10L, 30L), (limits.MaxConcurrentUpgradedConnections, limits.MaxConcurrentConnections));
        Assert.NotNull(limits.MinRequestBodyDataRate);
    }

    [Theory]
    [InlineData("10.0.0.7:8443", "10.0.0.7:8443")]
    [InlineData("berth.berth-system.svc:8443", "berth.berth-system.svc:8443")]
    [InlineData("fd00::7:8443", "[fd00::7]:8443")]
    [InlineData("[fd00::7]:8443", "[fd00::7]:8443")]
    public void An_IPv6_address_is_advertised_in_brackets(string given, string advertised)
    {
        Assert.Equal(advertised, GatewayAddress.Normalize(given));
        Assert.Equal($"{advertised},{advertised}", GatewayAddress.NormalizeAll($"{given}, {given}"));
    }

    private static TaskResource TaskOn(string pod, string uid) => new()
    {
        Metadata = new ResourceMeta { Name = uid, Namespace = "ns", Uid = uid, ResourceVersion = "1" },
        Spec = new TaskSpec { Checkpoint = new CheckpointPolicy() },
        Status = new Api.TaskStatus { Phase = TaskPhase.Running, Attempt = new AttemptStatus { Id = $"{uid}-3", Kind = AttemptKind.Run, Pod = pod, PodUid = $"uid-{pod}" } },
    };

    private static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var until = DateTime.UtcNow.AddSeconds(30); !await condition(); await Task.Delay(20))
            if (DateTime.UtcNow > until) Assert.Fail($"not within 30 s: {what}");
    }
}
