using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Berth.DevCluster;

/// <summary>Clients that trust one authority.</summary>
internal static class Trust
{
    public static SocketsHttpHandler Handler(X509Certificate2 root) => new()
    {
        UseProxy = false,
        EnableMultipleHttp2Connections = true,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { root },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    };
}
