using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Berth.DevCluster.Pods.Endpoint;

/// <summary>
/// What a kubelet serves, as far as it is needed: container logs; and our own admin verbs. One port speaks https, as a
/// real API server wants it, and plain http, as people with curl want it.
/// </summary>
internal sealed class KubeletEndpoint : IAsyncDisposable
{
    private const byte TlsHandshake = 0x16;

    private readonly WebApplication _app;

    private KubeletEndpoint(WebApplication app, Uri address)
    {
        _app = app;
        Address = address;
    }

    public Uri Address { get; }

    public static async Task<KubeletEndpoint> StartAsync(PodRunner runner, string listen)
    {
        if (!IPEndPoint.TryParse(listen, out IPEndPoint? at))
        {
            throw new ArgumentException($"'{listen}' is no address to listen on; write one such as 127.0.0.1:10250");
        }

        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(at, Both));
        WebApplication app = builder.Build();
        LogHandler.Map(app, runner);
        AdminHandler.Map(app, runner);
        await app.StartAsync();
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new KubeletEndpoint(app, new UriBuilder(address) { Scheme = "http" }.Uri);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static void Both(ListenOptions options)
    {
        ConnectionDelegate? plain = null;
        options.Use(secure => async connection =>
        {
            var input = connection.Transport.Input;
            var first = await input.ReadAsync(connection.ConnectionClosed);
            bool tls = first.Buffer.Length > 0 && first.Buffer.FirstSpan[0] == TlsHandshake;
            input.AdvanceTo(first.Buffer.Start);
            await (tls ? secure : plain!)(connection);
        });
        options.UseHttps(Certificate());
        options.Use(next => plain = next);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=berth-pod-runner", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
