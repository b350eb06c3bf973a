using System.Net;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Gateway;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Options;
using Berth.Operator.Telemetry;
using Berth.Operator.View;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Berth.Operator.Hosting;

/// <summary>How the process ends.</summary>
internal static class ExitCodes
{
    /// <summary>Stopped in order.</summary>
    public const int Stopped = 0;

    /// <summary>The options or the kubeconfig are wrong.</summary>
    public const int Misconfigured = 2;

    /// <summary>Leadership was lost; whoever supervises starts it again.</summary>
    public const int LeadershipLost = 3;
}

/// <summary>Three listeners in one process: plain http for health and metrics; TLS for agents; TLS for the aggregated API.</summary>
internal static class OperatorProgram
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(2);

    /// <summary>Builds the application; nothing is started or asked yet.</summary>
    public static WebApplication Build(WebApplicationBuilder builder, OperatorOptions options, KubernetesConfig cluster)
    {
        var (http, gateway) = (IPEndPoint.Parse(options.Http.Address), IPEndPoint.Parse(options.Gateway.Address));
        builder.Logging.ClearProviders().AddJsonConsole(o =>
        {
            o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            o.UseUtcTimestamp = true;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Npgsql", LogLevel.Warning);
        var otlp = OtlpSettings.Read(builder.Configuration);
        TelemetryService.AddLogs(builder.Logging, options, otlp);
        builder.Services.AddSingleton(otlp).AddOperator(options, cluster);
        WebApplication? app = null;
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            GatewayLimits.Apply(kestrel.Limits, options.Gateway);
            kestrel.Listen(http);
            kestrel.Listen(gateway, listen =>
            {
                listen.MarkGateway();
                listen.UseHttps(https =>
                {
                    GatewayLimits.Apply(https);
                    https.ServerCertificateSelector = (_, _) => app!.Services.GetRequiredService<GatewayCertificates>().Certificate;
                });
            });
            if (options.View.Address is { Length: > 0 } view) kestrel.Listen(IPEndPoint.Parse(view), listen =>
            {
                listen.MarkView();
                listen.UseHttps(https =>
                {
                    https.ServerCertificateSelector = (_, _) => app!.Services.GetRequiredService<ViewCertificates>().Certificate;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    // Any certificate passes the handshake; on each request it counts for something only if the cluster's own authority for front proxies made it.
                    https.AllowAnyClientCertificate();
                });
            });
        });
        return app = builder.Build();
    }

    /// <summary>Runs until stopped, or until leadership is lost.</summary>
    public static async Task<int> RunAsync(WebApplication app)
    {
        var stop = app.Lifetime.ApplicationStopping;
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Berth.Operator");
        try
        {
            await PrepareAsync(app, log, stop);
            Map(app);
            await app.StartAsync(stop);
            NoteAddresses(app);
            var code = await app.Services.GetRequiredService<OperatorHost>().RunAsync(stop);
            await app.StopAsync(CancellationToken.None);
            return code;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            log.LogInformation("Stopped before it had begun");
            return ExitCodes.Stopped;
        }
    }

    /// <summary>The certificates come first: without them no agent could tell us from a stranger. The keys come before anything is stored.</summary>
    private static async Task PrepareAsync(WebApplication app, ILogger log, CancellationToken stop)
    {
        var certificates = app.Services.GetRequiredService<GatewayCertificates>();
        var views = app.Services.GetRequiredService<ViewCertificates>();
        var keys = app.Services.GetRequiredService<HistoryKeys>();
        while (true)
        {
            try
            {
                await certificates.LoadAsync(stop);
                if (views.IsWanted) await views.LoadAsync(stop);
                await keys.LoadAsync(stop);
                return;
            }
            catch (Exception e) when (e is KubernetesException or ArgumentException or GatewayCertificateException)
            {
                log.LogWarning("The certificates or the history's encryption keys cannot be loaded yet: {Message}", e.Message);
                await Task.Delay(TryAgain, stop);
            }
        }
    }

    private static void Map(WebApplication app)
    {
        var services = app.Services;
        var plainViews = services.GetRequiredService<OperatorOptions>().Http.Views;
        app.Use((context, next) =>
        {
            if (Listeners.Serves(context, plainViews)) return next(context);
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        HealthEndpoints.Map(app, services.GetRequiredService<OperatorHost>(), services.GetRequiredService<LeaderState>(), services.GetRequiredService<LeaderWork>(), services.GetRequiredService<LoopSupervisor>(), services.GetRequiredService<HistoryCondition>(), services.GetRequiredService<TimeProvider>());
        services.GetRequiredService<GatewayEndpoints>().Map(app);
        services.GetRequiredService<ViewEndpoints>().Map(app);
        MetricsEndpoint.Map(app, services.GetRequiredService<TelemetryService>());
    }

    private static void NoteAddresses(WebApplication app)
    {
        var options = app.Services.GetRequiredService<OperatorOptions>();
        var (gateway, view) = (IPEndPoint.Parse(options.Gateway.Address), options.View.Address is { Length: > 0 } address ? IPEndPoint.Parse(address) : null);
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a.Replace("[::]", "127.0.0.1", StringComparison.Ordinal))).Where(a => a.Scheme == "https").ToList();
        var addresses = app.Services.GetRequiredService<ListeningAddresses>();
        // They are bound in the order in which they were asked for.
        addresses.Gateway = options.Gateway.Advertise is { Length: > 0 } advertise ? GatewayAddress.Normalize(advertise) : $"{bound[0].Host}:{(gateway.Port == 0 ? bound[0].Port : gateway.Port)}";
        if (view is not null) addresses.View = options.View.Advertise is { Length: > 0 } advertised ? advertised : $"{bound[^1].Host}:{(view.Port == 0 ? bound[^1].Port : view.Port)}";
    }
}
