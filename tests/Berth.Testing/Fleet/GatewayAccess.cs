using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Berth.Api;

namespace Berth.Testing.Fleet;

/// <summary>Where the operators' gateways are and whom to trust, as their ConfigMap says.</summary>
public sealed class GatewayAccess(IReadOnlyList<string> addresses, string authorityPem)
{
    /// <summary>One of the addresses, drawn anew each time.</summary>
    public string AnyAddress() => addresses[Random.Shared.Next(addresses.Count)];

    /// <summary>A URI under the name that the certificate is for.</summary>
    public static Uri Uri(string scheme, string pathAndQuery) => new($"{scheme}://{Names.GatewayServerName}{pathAndQuery}");

    /// <summary>Connections of one agent to one gateway.</summary>
    public HttpMessageInvoker Connect(string address)
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
public sealed record SimulatedPod(string Namespace, string Name, string Uid, string Token);
