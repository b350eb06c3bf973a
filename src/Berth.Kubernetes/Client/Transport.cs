using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Berth.Kubernetes;

/// <summary>Connections to one API server: HTTP/2, several connections, pings, and TLS that checks the chain and the host name.</summary>
internal static class Transport
{
    private static readonly Oid s_serverAuthentication = new("1.3.6.1.5.5.7.3.1");

    public static SocketsHttpHandler Create(KubernetesConfig config, KubernetesClientOptions options, Func<X509Certificate2?> clientCertificate)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = options.PingDelay,
            KeepAlivePingTimeout = options.PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            MaxConnectionsPerServer = int.MaxValue,
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = config.DisableCompression ? DecompressionMethods.None : DecompressionMethods.GZip,
            ConnectCallback = ConnectAsync,
            SslOptions = Tls(config, clientCertificate),
        };
        if (config.ProxyUrl is { } proxy) handler.Proxy = Proxy(proxy);
        else handler.UseProxy = !config.Server.IsLoopback;
        return handler;
    }

    private static WebProxy Proxy(Uri address)
    {
        var proxy = new WebProxy(address);
        if (address.UserInfo is { Length: > 0 } user)
        {
            var parts = user.Split(':', 2);
            proxy.Credentials = new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }
        return proxy;
    }

    // TCP keep-alive notices a vanished peer under HTTP/1.1 too, where there is no ping.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Tls(KubernetesConfig config, Func<X509Certificate2?> clientCertificate) => new()
    {
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => config.InsecureSkipTlsVerify || Verify(config, certificate, chain, errors),
        LocalCertificateSelectionCallback = (_, _, _, _, _) => clientCertificate()!,
    };

    /// <summary>The platform has compared the host name already (<paramref name="errors"/>); the chain is built here, against the authorities as
    /// they are at this handshake.</summary>
    internal static bool Verify(KubernetesConfig config, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0) return false;
        if (config.ReadAuthorities() is not { } authorities) return errors == SslPolicyErrors.None;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(authorities);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(s_serverAuthentication);
        if (chain is not null)
            foreach (var element in chain.ChainElements) own.ChainPolicy.ExtraStore.Add(element.Certificate);
        return own.Build(leaf);
    }
}
