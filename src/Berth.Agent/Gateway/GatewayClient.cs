using System.Diagnostics;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text.Json;
using Berth.Protocol;

namespace Berth.Agent.Gateway;

/// <summary>Keeps one connection with whoever leads: dials, says hello, follows redirects, and notices silence.</summary>
internal sealed class GatewayClient(AgentHost host)
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    // A standby keeps the line while nobody leads; to dial it again would only cost both of them.
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly object _gate = new();
    private FrameSender? _sender;
    private TaskCompletionSource<GatewaySession> _session = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _queue = new();
    private string? _redirect;
    private string _unreachable = "";
    private string _left = "";

    /// <summary>Sends a frame if a leader is connected; what matters is said again after every hello.</summary>
    public void Tell(Frame frame)
    {
        lock (_gate) _sender?.Send(frame);
    }

    /// <summary>There is output to send.</summary>
    public void Nudge()
    {
        lock (_gate) _sender?.Nudge();
    }

    /// <summary>The session with the leader, waiting for one.</summary>
    public Task<GatewaySession> SessionAsync(CancellationToken cancel)
    {
        lock (_gate) return _session.Task.WaitAsync(cancel);
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = FirstBackoff;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (Next() is { } address && await ConnectAsync(address, stop)) backoff = FirstBackoff;
            }
            catch (Exception e) when (IsExpected(e))
            {
                if (stop.IsCancellationRequested) return;
                AgentLog.Warn("no connection with the operator", ("reason", e.Message), ("cause", e.InnerException?.Message));
            }
            if (_redirect is not null)
            {
                await Pause(TimeSpan.FromMilliseconds(20), stop);
                continue;
            }
            await Pause(backoff, stop);
            backoff = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, backoff.Ticks * 2));
        }
    }

    private string? Next()
    {
        // Until it answers, it counts as out of reach: whoever is asked next holds the line until another one leads.
        if (Interlocked.Exchange(ref _redirect, null) is { } leader) return _unreachable = leader;
        if (_queue.Count == 0)
        {
            var addresses = GatewaySession.Addresses(host.Options);
            Random.Shared.Shuffle(addresses);
            // Who has just ended a connection leads no longer: any other is more likely to, or holds the line until one does.
            foreach (var address in addresses.OrderBy(a => a == _left)) _queue.Enqueue(address);
        }
        return _queue.TryDequeue(out var next) ? next : throw new IOException("the gateway's ConfigMap names no addresses");
    }

    private static async Task Pause(TimeSpan about, CancellationToken stop) =>
        await Task.WhenAny(Task.Delay(about * (0.5 + Random.Shared.NextDouble()), stop)); // jitter: agents must not dial in step

    private static bool IsExpected(Exception e) =>
        e is WebSocketException or IOException or HttpRequestException or OperationCanceledException or JsonException or AuthenticationException or CryptographicException or UnauthorizedAccessException or ObjectDisposedException;

    /// <summary>One connection; true when the other side led.</summary>
    private async Task<bool> ConnectAsync(string address, CancellationToken stop)
    {
        using var session = GatewaySession.Open(host.Options, address);
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero; // pings are frames of ours
        socket.Options.SetRequestHeader("Authorization", session.Token().ToString());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(HandshakeLimit);
        await socket.ConnectAsync(session.Uri("wss", ProtocolFacts.ConnectPath), session.Invoker, limit.Token);
        using var sender = new FrameSender(socket, host);
        await sender.SendNowAsync(host.Hello() with { Unreachable = address == _unreachable ? "" : _unreachable }, limit.Token);
        limit.CancelAfter(AnswerLimit);
        switch (await ReceiveAsync(socket, limit.Token))
        {
            case Welcome welcome:
                _unreachable = "";
                await ServeAsync(session, socket, sender, welcome, stop);
                return true;
            case Redirect redirect:
                _redirect = redirect.Address.Length > 0 && redirect.Address != address ? redirect.Address : null;
                if (address == _unreachable) _unreachable = "";
                return false;
            case var other:
                throw new IOException($"the gateway answered hello with {other?.GetType().Name ?? "nothing"}");
        }
    }

    private async Task ServeAsync(GatewaySession session, ClientWebSocket socket, FrameSender sender, Welcome welcome, CancellationToken stop)
    {
        AgentLog.Info("connected", ("leader", welcome.Leader), ("address", session.Address), ("epoch", $"{welcome.Epoch}"));
        host.Welcomed(welcome);
        var silence = TimeSpan.FromSeconds(Math.Max(1, welcome.PingSeconds) * 3);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var since = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            _sender = sender;
            _session.TrySetResult(session);
        }
        foreach (var frame in host.SaidAgain()) sender.Send(frame);
        var sending = sender.RunAsync(over.Token);
        try
        {
            while (true)
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
                patience.CancelAfter(silence);
                var receiving = ReceiveAsync(socket, patience.Token);
                if (await Task.WhenAny(receiving, sending) == sending) await sending;
                if (await receiving is not { } frame) break;
                if (frame is Redirect redirect) _redirect = redirect.Address.Length > 0 ? redirect.Address : null;
                host.Handle(frame);
            }
        }
        finally
        {
            lock (_gate)
            {
                _sender = null;
                _session = new TaskCompletionSource<GatewaySession>(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            _left = session.Address;
            _queue.Clear();
            await over.CancelAsync();
            AgentLog.Info("disconnected", ("leader", welcome.Leader), ("after", Stopwatch.GetElapsedTime(since).ToString()));
        }
    }

    /// <summary>The next frame; null when the other side closed.</summary>
    private static async Task<Frame?> ReceiveAsync(ClientWebSocket socket, CancellationToken cancel)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[32 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancel);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            if (whole.Length + part.Count > ProtocolFacts.MaxFrameBytes) throw new IOException("a frame of the operator is larger than the protocol allows");
            whole.Write(buffer.AsSpan(0, part.Count));
            if (part.EndOfMessage) return ProtocolJson.Read(whole.GetBuffer().AsSpan(0, (int)whole.Length));
        }
    }
}
