using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Operator.Tests.Telemetry;

/// <summary>Takes OTLP by http/protobuf or gRPC and keeps the bytes; reads just enough of protobuf to find ids and names.</summary>
internal sealed class OtlpSink : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _received = new();
    private readonly WebApplication _app;

    private OtlpSink(WebApplication app) => _app = app;

    public string Endpoint => _app.Urls.First();

    public IEnumerable<string> Paths => _received.Select(r => r.Path).Distinct(StringComparer.Ordinal);

    public static async Task<OtlpSink> StartAsync(bool grpc = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var sink = new OtlpSink(builder.Build());
        sink._app.MapPost("/v1/{signal}", sink.TakeAsync);
        sink._app.MapPost("/{service}/Export", sink.TakeCallAsync);
        await sink._app.StartAsync();
        return sink;
    }

    /// <summary>All length-delimited fields at any depth of what came for a signal, as raw bytes.</summary>
    public List<byte[]> Fields(string signal) => [.. _received.Where(r => r.Path == $"/v1/{signal}").SelectMany(r => Walk(r.Body))];

    public List<string> Texts(string signal) => [.. Fields(signal).Select(Encoding.UTF8.GetString)];

    public bool Has(string signal, string hex) => Fields(signal).Exists(f => Convert.ToHexStringLower(f) == hex);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _received.Enqueue((context.Request.Path, body.ToArray()));
        context.Response.ContentType = "application/x-protobuf";
    }

    /// <summary>A unary gRPC call: the message comes after five bytes of prefix, the status goes in a trailer.</summary>
    private async Task TakeCallAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var signal = context.Request.RouteValues["service"]!.ToString()!.Split('.')[^1] switch { "TraceService" => "traces", "MetricsService" => "metrics", _ => "logs" };
        _received.Enqueue(($"/v1/{signal}", body.ToArray()[5..]));
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[5]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    private static IEnumerable<byte[]> Walk(byte[] message)
    {
        var found = new List<byte[]>();
        for (var at = 0; at < message.Length;)
        {
            if (!TryVarint(message, ref at, out var key)) return [];
            switch (key & 7)
            {
                case 0: if (!TryVarint(message, ref at, out _)) return []; break;
                case 1: at += 8; break;
                case 5: at += 4; break;
                case 2:
                    if (!TryVarint(message, ref at, out var length) || length > (ulong)(message.Length - at)) return [];
                    var field = message[at..(at + (int)length)];
                    at += (int)length;
                    found.Add(field);
                    found.AddRange(Walk(field));
                    break;
                default: return [];
            }
            if (at > message.Length) return [];
        }
        return found;
    }

    private static bool TryVarint(byte[] message, ref int at, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && at < message.Length; shift += 7)
        {
            var b = message[at++];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80) return true;
        }
        return false;
    }
}
