using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Operator.Tests.Fleet;

/// <summary>An agent without processes: real connections, real frames, commands that go on for ever. It comes back as agents do.</summary>
internal sealed class FleetAgent(FleetPod pod, Func<Task<FleetGateway>> gateway, int slots)
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(2);
    private readonly Dictionary<int, (string Attempt, DateTimeOffset At)> _running = [];
    private long _epoch;
    private string? _redirect;
    private volatile string? _leader;

    /// <summary>Identity of the leader that welcomed it, while connected.</summary>
    public string? Leader => _leader;

    /// <summary>When it was last welcomed.</summary>
    public DateTime WelcomedAt { get; private set; }

    /// <summary>Orders of another attempt for a task that runs here already; there must be none.</summary>
    public int StartedTwice { get; private set; }

    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = FirstBackoff;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var known = await gateway();
                var address = Interlocked.Exchange(ref _redirect, null) ?? known.Addresses[Random.Shared.Next(known.Addresses.Count)];
                if (await ConnectAsync(address, known.Authority, stop)) backoff = FirstBackoff;
            }
            catch (Exception e) when (e is WebSocketException or IOException or HttpRequestException or OperationCanceledException or SocketException)
            {
                // As an agent does: it comes back.
            }
            _leader = null;
            var pause = _redirect is null ? backoff : TimeSpan.FromMilliseconds(20);
            if (_redirect is null) backoff = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, backoff.Ticks * 2));
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), stop).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private async Task<bool> ConnectAsync(string address, string authority, CancellationToken stop)
    {
        using var http = Connect(address, authority);
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.SetRequestHeader("Authorization", "Bearer " + pod.Token);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        await socket.ConnectAsync(new Uri($"wss://{Names.GatewayServerName}{ProtocolFacts.ConnectPath}"), http, limit.Token);
        await SendAsync(socket, new Hello { AgentVersion = "simulated", Namespace = pod.Namespace, Pod = pod.Name, PodUid = pod.Uid, Node = "simulated", NodeBootId = "boot-1", Inventory = Inventory() }, limit.Token);
        var led = false;
        var buffer = new byte[64 * 1024];
        while (true)
        {
            using var silence = CancellationTokenSource.CreateLinkedTokenSource(stop);
            silence.CancelAfter(TimeSpan.FromSeconds(30));
            if (await ReceiveAsync(socket, buffer, silence.Token) is not { } frame) return led;
            led |= frame is Welcome;
            await HandleAsync(socket, frame, stop);
        }
    }

    private async Task HandleAsync(ClientWebSocket socket, Frame frame, CancellationToken stop)
    {
        switch (frame)
        {
            case Welcome welcome:
                _epoch = Math.Max(_epoch, welcome.Epoch);
                WelcomedAt = DateTime.UtcNow;
                _leader = welcome.Leader;
                break;
            case Redirect { Address.Length: > 0 } redirect:
                _redirect = redirect.Address;
                break;
            case Ping ping:
                await SendAsync(socket, new Pong { Nonce = ping.Nonce }, stop);
                break;
            case Assign order:
                if (_running.Values.Any(r => r.Attempt == order.Attempt))
                {
                    // An order that came twice is refused, as an agent does: what matters is that nothing else is begun for the task.
                    await SendAsync(socket, new Refused { Attempt = order.Attempt, Reason = RefusalReasons.AlreadySeen, Message = "already seen", HighestEpoch = _epoch }, stop);
                    break;
                }
                if (_running.Values.Any(r => TaskOf(r.Attempt) == TaskOf(order.Attempt))) StartedTwice++;
                _running[order.Slot] = (order.Attempt, DateTimeOffset.UtcNow);
                await SendAsync(socket, new Started { Attempt = order.Attempt, At = DateTimeOffset.UtcNow }, stop);
                await SendAsync(socket, Inventory(), stop);
                break;
        }
    }

    private static string TaskOf(string attempt) => attempt[..attempt.LastIndexOf('-')];

    private Inventory Inventory() => new()
    {
        HighestEpoch = _epoch,
        Slots = [.. Enumerable.Range(0, slots).Select(i => new SlotInventory { Index = i, Ready = true, RunnerBoot = 1, Attempt = _running.TryGetValue(i, out var r) ? r.Attempt : null })],
        Attempts = [.. _running.Select(r => new AttemptInventory { Attempt = r.Value.Attempt, Slot = r.Key, RunnerBoot = 1, State = AttemptState.Started, MayRun = true, StartedAt = r.Value.At })],
    };

    private static HttpMessageInvoker Connect(string address, string authority)
    {
        var colon = address.LastIndexOf(':');
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(authority);
        return new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { TargetHost = Names.GatewayServerName, CertificateChainPolicy = policy },
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(address[..colon], int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }

    private static Task SendAsync(ClientWebSocket socket, Frame frame, CancellationToken stop) => socket.SendAsync(ProtocolJson.Write(frame), WebSocketMessageType.Text, true, stop);

    private static async Task<Frame?> ReceiveAsync(ClientWebSocket socket, byte[] buffer, CancellationToken stop)
    {
        for (var length = 0; ;)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), stop);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return ProtocolJson.Read(buffer.AsSpan(0, length));
            if (length == buffer.Length) throw new IOException("an order is larger than a simulated agent expects");
        }
    }
}

/// <summary>An agent pod that nobody runs, and the token its agent would have.</summary>
internal sealed record FleetPod(string Namespace, string Name, string Uid, string Token);

/// <summary>Where the gateways are and whom to trust, as the ConfigMap says.</summary>
internal sealed record FleetGateway(IReadOnlyList<string> Addresses, string Authority);
