using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Berth.Kubernetes;

/// <summary>Credentials as they are at one moment.</summary>
/// <param name="Authorization">The header; null for none.</param>
/// <param name="Certificate">The client certificate; null for none.</param>
internal sealed record CredentialSnapshot(AuthenticationHeaderValue? Authorization, X509Certificate2? Certificate);

/// <summary>Hands out credentials, which may change while the client lives.</summary>
internal abstract class Credential
{
    /// <summary>The credentials to use now. <paramref name="refused"/> names those that were just answered with 401: the same object is
    /// returned when there are no better ones.</summary>
    public abstract ValueTask<CredentialSnapshot> GetAsync(CredentialSnapshot? refused, CancellationToken cancellationToken);

    public static Credential From(KubernetesConfig config, TimeProvider time) =>
        config.Exec is not null ? new ExecCredentialSource(config, config.Exec, time)
        : config.TokenFile is not null ? new TokenFileCredential(config, config.TokenFile, time)
        : new FixedCredential(config);

    protected static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);

    protected static X509Certificate2? ReadCertificate(KubernetesConfig config) =>
        config is { ClientCertificate: { } certificate, ClientKey: { } key } ? Pair(certificate.Read(), key.Read()) : null;

    protected static X509Certificate2 Pair(string certificate, string key)
    {
        var pair = X509Certificate2.CreateFromPem(certificate, key);
        if (!OperatingSystem.IsWindows()) return pair;
        // Windows' TLS cannot use an ephemeral key: take the pair through PKCS #12.
        using (pair) return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
    }

    private sealed class FixedCredential(KubernetesConfig config) : Credential
    {
        private readonly CredentialSnapshot _snapshot = new(
            config.Token is { } token ? Bearer(token)
                : config.Username is { } user ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{config.Password}"))) : null,
            ReadCertificate(config));

        public override ValueTask<CredentialSnapshot> GetAsync(CredentialSnapshot? refused, CancellationToken cancellationToken) => new(_snapshot);
    }
}
