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

namespace Berth.Agent.Tests;

/// <summary>The operator's side of the protocol as a test scripts it: real TLS, real WebSocket, real HTTP.</summary>
internal sealed class ScriptedGateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, WebSocket> _sockets = new();
    private readonly ConcurrentDictionary<string, MemoryStream> _outputs = new();
    private readonly ConcurrentDictionary<string, bool> _ends = new();
    private readonly List<Frame> _frames = [];
    private readonly object _gate = new();

    private ScriptedGateway(WebApplication app, string caPem) => (_app, CaPem) = (app, caPem);

    public string CaPem { get; }

    public string Address => new Uri(_app.Urls.First()).Authority;

    public long Epoch { get; set; } = 1;

    public string? RedirectTo { get; set; }

    public bool AckOutput { get; set; } = true;

    public bool Welcoming { get; set; } = true;

    public int PingSeconds { get; set; } = 10;

    public string Token { get; set; } = "token-1";

    /// <summary>Answers to give to the next transfers instead of serving them.</summary>
    public ConcurrentQueue<int> TransferFaults { get; } = new();

    public ConcurrentDictionary<string, byte[]> Stored { get; } = new();

    public ConcurrentBag<string> TransferQueries { get; } = [];

    public int Connections { get; private set; }

    public static async Task<ScriptedGateway> StartAsync(string name = Names.GatewayServerName)
    {
        var (ca, server) = Certificates(name);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestBodySize = null;
            k.Listen(IPAddress.Loopback, 0, o => o.UseHttps(server));
        });
        var app = builder.Build();
        var gateway = new ScriptedGateway(app, ca.ExportCertificatePem());
        app.UseWebSockets();
        app.Map(ProtocolFacts.ConnectPath, gateway.ConnectAsync);
        app.Map("/agent/v1/attempts/{attempt}/artifacts/{digest}", gateway.TransferAsync);
        app.Map("/agent/v1/attempts/{attempt}/checkpoints/{what?}", gateway.CheckpointAsync);
        await app.StartAsync();
        return gateway;
    }

    public async Task SendAsync(Frame frame)
    {
        var socket = _sockets.Values.Single();
        await socket.SendAsync(ProtocolJson.Write(frame), WebSocketMessageType.Text, true, CancellationToken.None);
    }

    /// <summary>Waits until no agent is connected.</summary>
    public Task ForsakenAsync() => Eventually.TrueAsync(() => _sockets.IsEmpty, "no connection", 60);

    public void DropConnections()
    {
        foreach (var socket in _sockets.Values) socket.Abort();
    }

    /// <summary>The first frame like this, from the whole conversation, waiting for it.</summary>
    public async Task<T> ExpectAsync<T>(Func<T, bool>? like = null, int seconds = 20) where T : Frame
    {
        for (var until = DateTime.UtcNow.AddSeconds(seconds); DateTime.UtcNow < until; await Task.Delay(10))
        {
            lock (_gate)
            {
                if (_frames.OfType<T>().FirstOrDefault(f => like?.Invoke(f) ?? true) is { } found) return found;
            }
        }
        lock (_gate) throw new TimeoutException($"no {typeof(T).Name} like that among:\n{string.Join('\n', _frames.Where(f => f is not Protocol.Output))}");
    }

    public IReadOnlyList<T> All<T>() where T : Frame
    {
        lock (_gate) return [.. _frames.OfType<T>()];
    }

    public void ForgetFrames()
    {
        lock (_gate) _frames.Clear();
    }

    public string OutputOf(string attempt) => System.Text.Encoding.UTF8.GetString(OutputBytesOf(attempt));

    public byte[] OutputBytesOf(string attempt)
    {
        if (!_outputs.TryGetValue(attempt, out var output)) return [];
        lock (output) return output.ToArray();
    }

    public async Task<string> WholeOutputAsync(string attempt)
    {
        for (var until = DateTime.UtcNow.AddSeconds(30); !_ends.ContainsKey(attempt); await Task.Delay(10))
        {
            if (DateTime.UtcNow > until) throw new TimeoutException("the output never ended: " + OutputOf(attempt));
        }
        return OutputOf(attempt);
    }

    public async ValueTask DisposeAsync()
    {
        DropConnections();
        await _app.DisposeAsync();
    }

    private async Task ConnectAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            context.Response.StatusCode = 401;
            return;
        }
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var id = Guid.NewGuid().ToString();
        try
        {
            if (await ReceiveAsync(socket) is not Hello hello) throw new InvalidDataException("hello comes first");
            if (RedirectTo is { } other)
            {
                Take(hello);
                await socket.SendAsync(ProtocolJson.Write(new Redirect { Address = other }), WebSocketMessageType.Text, true, CancellationToken.None);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }
            while (!Welcoming) await Task.Delay(10);
            await socket.SendAsync(ProtocolJson.Write(new Welcome { Epoch = Epoch, Leader = "scripted", PingSeconds = PingSeconds }), WebSocketMessageType.Text, true, CancellationToken.None);
            _sockets[id] = socket;
            Connections++;
            Take(hello);
            while (await ReceiveAsync(socket) is { } frame)
            {
                if (frame is Output output) await TakeOutputAsync(socket, output);
                Take(frame);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The other side is gone, or the test dropped it.
        }
        finally
        {
            _sockets.TryRemove(id, out _);
        }
    }

    private void Take(Frame frame)
    {
        lock (_gate) _frames.Add(frame);
    }

    private async Task TakeOutputAsync(WebSocket socket, Output output)
    {
        var all = _outputs.GetOrAdd(output.Attempt, _ => new MemoryStream());
        long have;
        lock (all)
        {
            have = all.Length;
            Assert.True(output.Offset <= have, $"output {output.Offset} leaves a gap after {have}");
            if (output.Offset + output.Data.Length > have) all.Write(output.Data.AsSpan((int)(have - output.Offset)));
            have = all.Length;
        }
        if (output.End) _ends[output.Attempt] = true;
        if (AckOutput) await socket.SendAsync(ProtocolJson.Write(new OutputAck { Attempt = output.Attempt, Offset = have }), WebSocketMessageType.Text, true, CancellationToken.None);
    }

    /// <summary>Checkpoints as they came: attempt, number, bytes.</summary>
    public ConcurrentQueue<(string Attempt, int Number, byte[] Bytes)> Checkpoints { get; } = new();

    /// <summary>What the next attempt may begin with.</summary>
    public CheckpointOffers Offers { get; set; } = new();

    /// <summary>Why none may begin.</summary>
    public string? NoOffers { get; set; }

    private async Task CheckpointAsync(HttpContext context)
    {
        var what = (string?)context.Request.RouteValues["what"];
        if (TransferFaults.TryDequeue(out var fault)) context.Response.StatusCode = fault;
        else if (context.Request.Method == "PUT")
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Assert.Equal(context.Request.Query["digest"], Digests.Of(body.ToArray()));
            Checkpoints.Enqueue(((string)context.Request.RouteValues["attempt"]!, int.Parse(what!, System.Globalization.CultureInfo.InvariantCulture), body.ToArray()));
            Stored[Digests.Of(body.ToArray())] = body.ToArray();
            context.Response.StatusCode = 201;
        }
        else if (what is null)
        {
            context.Response.StatusCode = NoOffers is null ? 200 : 404;
            if (NoOffers is { } why) await context.Response.WriteAsync(why);
            else await context.Response.Body.WriteAsync(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(Offers, ProtocolJson.Default.CheckpointOffers));
        }
        else if (Stored.TryGetValue(what, out var bytes)) await context.Response.Body.WriteAsync(bytes);
        else context.Response.StatusCode = 404;
    }

    private async Task TransferAsync(HttpContext context)
    {
        TransferQueries.Add(context.Request.Method + " " + context.Request.Path + context.Request.QueryString);
        if (TransferFaults.TryDequeue(out var fault))
        {
            context.Response.StatusCode = fault;
            if (fault == 503) context.Response.Headers.RetryAfter = "0";
            return;
        }
        var digest = (string)context.Request.RouteValues["digest"]!;
        if (context.Request.Method == "PUT")
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Assert.Equal(context.Request.ContentLength, body.Length);
            Assert.Equal(digest, Digests.Of(body.ToArray()));
            Stored[digest] = body.ToArray();
            context.Response.StatusCode = 201;
            return;
        }
        if (!Stored.TryGetValue(digest, out var bytes))
        {
            context.Response.StatusCode = 404;
            return;
        }
        await context.Response.Body.WriteAsync(bytes);
    }

    private static async Task<Frame?> ReceiveAsync(WebSocket socket)
    {
        using var whole = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            whole.Write(buffer, 0, part.Count);
            if (part.EndOfMessage) return ProtocolJson.Read(whole.ToArray());
        }
    }

    private static (X509Certificate2 Ca, X509Certificate2 Server) Certificates(string name)
    {
        var from = DateTimeOffset.UtcNow.AddDays(-1);
        var until = DateTimeOffset.UtcNow.AddDays(1);
        using var caKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var caRequest = new CertificateRequest($"CN=scripted gateway {Guid.NewGuid():N}", caKey, HashAlgorithmName.SHA256);
        caRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var ca = caRequest.CreateSelfSigned(from, until);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(ca, from, until, RandomNumberGenerator.GetBytes(8));
        using var withKey = signed.CopyWithPrivateKey(key);
        return (ca, X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null));
    }
}
