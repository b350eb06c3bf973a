using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Berth.Api;

namespace Berth.Benchmarks.Simulation;

/// <summary>Where the operator's gateway is and whom to trust, as its ConfigMap says.</summary>
internal sealed class GatewayAccess(string address, string authorityPem)
{
    public Uri Uri(string scheme, string pathAndQuery) => new($"{scheme}://{Names.GatewayServerName}{pathAndQuery}");

    /// <summary>Connections of one agent.</summary>
    public HttpMessageInvoker Connect()
    {
        var colon = address.LastIndexOf(':');
        var (host, port) = (address[..colon], int.Parse(address[(colon + 1)..], CultureInfo.InvariantCulture));
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(authorityPem);
        return new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { TargetHost = Names.GatewayServerName, CertificateChainPolicy = policy },
            ConnectCallback = async (_, cancel) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(host, port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
    }
}

/// <summary>An agent pod that nobody runs, and the token its agent would have.</summary>
internal sealed record SimulatedPod(string Namespace, string Name, string Uid, string Token);
