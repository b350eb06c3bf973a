using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Berth.Api;
using Berth.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Berth.Benchmarks.AgentCost;

/// <summary>The operator's side of one agent's connection and nothing more: it acknowledges at once what it gets.</summary>
internal sealed class MinimalGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<AttemptResult>> _results = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ReceivedOutput> _outputs = new(StringComparer.Ordinal);
    private WebSocket? _socket;

    private MinimalGateway(WebApplication app, string caPem) => (_app, CaPem) = (app, caPem);

    public string CaPem { get; }

    public string Address => new Uri(_app.Urls.First()).Authority;

    /// <summary>What the agent last said it holds.</summary>
    public Inventory? LastInventory { get; private set; }

    public static async Task<MinimalGateway> StartAsync()
    {
        var (ca, server) = Certificates();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, o => o.UseHttps(server)));
        var app = builder.Build();
        var gateway = new MinimalGateway(app, ca.ExportCertificatePem());
        app.UseWebSockets();
        app.Map(ProtocolFacts.ConnectPath, gateway.ConnectAsync);
        await app.StartAsync();
        return gateway;
    }

    /// <summary>Sends an order and returns its result.</summary>
    public async Task<AttemptResult> RunAsync(Assign order, TimeSpan limit)
    {
        var result = _results.GetOrAdd(order.Attempt, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        await SendAsync(order);
        return await result.Task.WaitAsync(limit);
    }

    /// <summary>All output of an attempt, once its end has come: bytes and their digest.</summary>
    public Task<(long Bytes, string Digest)> OutputAsync(string attempt, TimeSpan limit) => Output(attempt).Done.Task.WaitAsync(limit);

    public async ValueTask DisposeAsync()
    {
        _socket?.Abort();
        await _app.DisposeAsync();
        _turn.Dispose();
    }

    private ReceivedOutput Output(string attempt) => _outputs.GetOrAdd(attempt, _ => new ReceivedOutput());

    private async Task ConnectAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[ProtocolFacts.MaxFrameBytes];
        try
        {
            if (await ReceiveAsync(socket, buffer) is not Hello hello) return;
            LastInventory = hello.Inventory;
            _socket = socket;
            await SendAsync(new Welcome { Epoch = 1, Leader = "bench", PingSeconds = 60 });
            while (await ReceiveAsync(socket, buffer) is { } frame) await TakeAsync(frame);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The agent was ended: the measurement is over.
        }
    }

    private async Task TakeAsync(Frame frame)
    {
        switch (frame)
        {
            case Inventory inventory:
                LastInventory = inventory;
                break;
            case AttemptResult result:
                await SendAsync(new Ack { Epoch = 1, Attempt = result.Attempt });
                _results.GetOrAdd(result.Attempt, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(result);
                break;
            case Output output:
                await SendAsync(new OutputAck { Attempt = output.Attempt, Offset = Output(output.Attempt).Take(output) });
                break;
            case Refused refused:
                throw new InvalidOperationException($"the agent refused: {refused.Reason}: {refused.Message}");
        }
    }

    private async Task SendAsync(Frame frame)
    {
        await _turn.WaitAsync();
        try
        {
            await _socket!.SendAsync(ProtocolJson.Write(frame), WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static async Task<Frame?> ReceiveAsync(WebSocket socket, byte[] buffer)
    {
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return ProtocolJson.Read(buffer.AsSpan(0, length));
        }
    }

    private static (X509Certificate2 Ca, X509Certificate2 Server) Certificates()
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest("CN=bench", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var ca = caRequest.CreateSelfSigned(from, until);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Names.GatewayServerName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Names.GatewayServerName);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(ca, from, until, RandomNumberGenerator.GetBytes(8));
        using var withKey = signed.CopyWithPrivateKey(key);
        return (ca, X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null));
    }

    private sealed class ReceivedOutput
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _bytes;

        public TaskCompletionSource<(long, string)> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // One connection and one reader: frames come in order.
        public long Take(Output output)
        {
            if (output.Offset > _bytes) throw new InvalidOperationException($"output {output.Offset} leaves a gap after {_bytes}");
            var known = (int)Math.Min(output.Data.Length, _bytes - output.Offset);
            _hash.AppendData(output.Data.AsSpan(known));
            _bytes += output.Data.Length - known;
            if (output.End) Done.TrySetResult((_bytes, Convert.ToHexStringLower(_hash.GetCurrentHash())));
            return _bytes;
        }
    }
}
