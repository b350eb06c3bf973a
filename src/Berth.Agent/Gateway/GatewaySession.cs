using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Berth.Agent.Gateway;

/// <summary>One gateway address with its pinned CA: WebSocket and transfers go through the same handler.</summary>
internal sealed class GatewaySession : IDisposable
{
    private readonly AgentOptions _options;

    private GatewaySession(AgentOptions options, string address, SocketsHttpHandler handler) =>
        (_options, Address, Invoker) = (options, address, new HttpMessageInvoker(handler, disposeHandler: true));

    public string Address { get; }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>Addresses as the ConfigMap has them now.</summary>
    public static string[] Addresses(AgentOptions options) =>
        File.ReadAllText(Path.Combine(options.GatewayDirectory, "addresses")).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static GatewaySession Open(AgentOptions options, string address)
    {
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(address.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture, out var port)) throw new IOException($"not host:port: {address}");
        var host = address[..colon].Trim('[', ']');
        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(Path.Combine(options.GatewayDirectory, "ca.crt"));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(roots);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions { TargetHost = options.GatewayName, CertificateChainPolicy = policy },
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                try
                {
                    await socket.ConnectAsync(host, port, cancel);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        return new GatewaySession(options, address, handler);
    }

    public Uri Uri(string scheme, string pathAndQuery) => new($"{scheme}://{_options.GatewayName}{pathAndQuery}");

    /// <summary>The token as it is on disk now: kubelet renews it.</summary>
    public AuthenticationHeaderValue Token() => new("Bearer", File.ReadAllText(_options.TokenFile).Trim());

    public void Dispose() => Invoker.Dispose();
}
