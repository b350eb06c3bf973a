using System.Security.Authentication;
using Berth.Operator.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Berth.Operator.Gateway;

/// <summary>What anybody who can reach the gateway may use up before it is known who that is.</summary>
internal static class GatewayLimits
{
    /// <summary>Connections of one pod at once: the running one, its successor, and transfers.</summary>
    public const int SocketsPerPod = 3;

    /// <summary>Attempts of which one agent may tell; honest ones keep a handful.</summary>
    public const int AttemptsPerAgent = 2048;

    /// <summary>Tokens that the API server is asked about at once.</summary>
    public const int ReviewsAtOnce = 16;

    /// <summary>Bounds of the web server.</summary>
    public static void Apply(KestrelServerLimits limits, GatewaySection gateway)
    {
        limits.MaxRequestBodySize = ArtifactEndpoints.MaxBytes;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestLineSize = 4 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.MinRequestBodyDataRate = new MinDataRate(1024, TimeSpan.FromSeconds(10));
        limits.MaxConcurrentUpgradedConnections = gateway.MaxConnections;
        limits.MaxConcurrentConnections = gateway.MaxConnections * 3L;
    }

    /// <summary>TLS 1.2 or later, and a handshake that takes its time is ended.</summary>
    public static void Apply(HttpsConnectionAdapterOptions https)
    {
        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
        https.HandshakeTimeout = TimeSpan.FromSeconds(5);
    }
}
