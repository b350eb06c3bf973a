using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes.Conformance;

/// <summary>A server on a free port whose answers are a function of the test: for what no well-behaved API server does.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeApi(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    public static async Task<FakeApi> StartAsync(RequestDelegate answer, X509Certificate2? certificate = null, bool clientCertificates = false, HttpProtocols protocols = HttpProtocols.Http1AndHttp2)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = certificate is null && protocols == HttpProtocols.Http1AndHttp2 ? HttpProtocols.Http1 : protocols;
                if (certificate is null) return;
                listen.UseHttps(certificate, https =>
                {
                    https.AllowAnyClientCertificate();
                    if (clientCertificates) https.ClientCertificateMode = Microsoft.AspNetCore.Server.Kestrel.Https.ClientCertificateMode.AllowCertificate;
                });
            });
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new(app) { Address = new(address) };
    }

    /// <summary>A client without credentials.</summary>
    public KubernetesClient Client(KubernetesClientOptions? options = null) => new(new() { Server = Address }, options);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    public static async Task Json(HttpContext http, int code, string body, string type = "application/json")
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = type;
        await http.Response.WriteAsync(body);
    }

    public static Task Status(HttpContext http, int code, string reason, string message = "no") => Json(http, code,
        $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""");
}
