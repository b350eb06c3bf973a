using System.Net;
using System.Security.Authentication;
using Berth.DevCluster.Access;
using Berth.DevCluster.Faults;
using Berth.DevCluster.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Berth.DevCluster.Http;

/// <summary>The https listener and what every request passes: who asks, what they may, and how failures are told.</summary>
internal sealed class ApiServer(Cluster cluster, Authenticator authenticator, IAuthorizer authorizer, Dispatcher dispatcher, FaultEndpoint? faults) : IAsyncDisposable
{
    private WebApplication? _app;

    public int Port { get; private set; }

    public async Task Start(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(o => Listen(o, port));
        // The host that owns the process ends it; a library must not answer signals.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        _app = builder.Build();
        _app.Run(Handle);
        await _app.StartAsync();
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Port = new Uri(address).Port;
    }

    /// <summary>Closes the listener and all connections, and opens it again on the same port.</summary>
    public async Task Restart(TimeSpan down)
    {
        await DisposeAsync();
        await Task.Delay(down);
        await Start(Port);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is not { } app) return;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private void Listen(KestrelServerOptions options, int port)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.Http2.MaxStreamsPerConnection = 1000;
        options.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        options.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = cluster.Credentials.Server;
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                https.AllowAnyClientCertificate();
            });
        });
    }

    private async Task Handle(HttpContext http)
    {
        try
        {
            http.Response.Headers["Audit-Id"] = Guid.NewGuid().ToString();
            var asking = authenticator.Authenticate(http);
            var user = Impersonation.Apply(http, asking, (group, resource, name) => authorizer.Authorize(asking, new AccessAttributes("impersonate", group, resource, "", "", name)).Allowed);
            if (faults is not null && http.Request.Path.StartsWithSegments(FaultEndpoint.Path)) await faults.Handle(http, user);
            else await dispatcher.Handle(http, user);
        }
        catch (StatusException failure) when (!http.Response.HasStarted)
        {
            await Responses.Failure(http, failure);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to answer.
        }
        catch (Exception failure)
        {
            cluster.Report($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}: {failure}");
            if (http.Response.HasStarted) http.Abort();
            else await Responses.Failure(http, StatusException.Internal(failure.Message));
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
