using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Berth.Kubernetes;

namespace Berth.Operator.Certificates;

/// <summary>A CA and a server certificate of its own, made once and shared by all replicas through one Secret (ca.crt, tls.crt, tls.key).</summary>
internal abstract class SharedCertificate(KubernetesClient client, string ns, string secretName, string serverName, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);
    private volatile X509Certificate2? _certificate;
    private volatile string _authority = "";

    /// <summary>The certificate to serve.</summary>
    public X509Certificate2 Certificate => _certificate ?? throw new InvalidOperationException($"the certificate of Secret {secretName} is not loaded yet");

    /// <summary>Whether it was loaded; the aggregated API's is not when none is served.</summary>
    public bool IsLoaded => _certificate is not null;

    /// <summary>PEM of the CA that clients are to trust.</summary>
    public string Authority => _authority;

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset Expires => Certificate.NotAfter.ToUniversalTime();

    /// <summary>Loads the Secret; makes it if it is not there, renews it when it grows old.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var key = new ObjectKey(ns, secretName);
        for (var attempt = 0; ; attempt++)
        {
            var secret = await client.TryGetAsync(Kubernetes.Resources.Secrets, key, cancellationToken);
            if (secret is not null && TryUse(secret)) return;
            try
            {
                await StoreAsync(secret, cancellationToken);
            }
            catch (KubernetesException e) when ((e.IsConflict || e.IsAlreadyExists) && attempt < 5)
            {
                log.LogInformation("Another replica made the certificate of Secret {Secret} at the same moment; using that one", secretName);
            }
        }
    }

    private bool TryUse(Secret secret)
    {
        if (Text(secret, "ca.crt") is not { } ca || Text(secret, "tls.crt") is not { } certificate || Text(secret, "tls.key") is not { } privateKey) return false;
        using var pem = X509Certificate2.CreateFromPem(certificate, privateKey);
        if (pem.NotAfter.ToUniversalTime() < time.GetUtcNow() + RenewBefore && Text(secret, "ca.key") is not null) return false;
        // A Secret of another installation, or of one that was renamed: nobody could check this certificate.
        if (!pem.MatchesHostname(serverName)) return false;
        _certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        _authority = ca;
        return true;
    }

    private async Task StoreAsync(Secret? existing, CancellationToken cancellationToken)
    {
        var data = Make();
        if (existing is null)
        {
            await client.CreateAsync(Kubernetes.Resources.Secrets, new Secret { Metadata = new() { Name = secretName, Namespace = ns }, Type = "Opaque", Data = data }, ns, cancellationToken: cancellationToken);
            return;
        }
        await client.ReplaceAsync(Kubernetes.Resources.Secrets, existing with { Data = data }, cancellationToken: cancellationToken);
        log.LogInformation("The certificate of Secret {Secret} was renewed", secretName);
    }

    private Dictionary<string, byte[]> Make()
    {
        var now = time.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest($"CN={secretName}-ca", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using var authority = authorityRequest.CreateSelfSigned(now.AddMinutes(-5), now + (Lifetime * 3));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=berth", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(serverName);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var certificate = request.Create(authority, now.AddMinutes(-5), now + Lifetime, RandomNumberGenerator.GetBytes(16));
        return new()
        {
            ["ca.crt"] = Encoding.ASCII.GetBytes(authority.ExportCertificatePem()),
            ["ca.key"] = Encoding.ASCII.GetBytes(authorityKey.ExportPkcs8PrivateKeyPem()),
            ["tls.crt"] = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()),
            ["tls.key"] = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()),
        };
    }

    private static string? Text(Secret secret, string key) => secret.Data?.GetValueOrDefault(key) is { } bytes ? Encoding.ASCII.GetString(bytes) : null;
}
