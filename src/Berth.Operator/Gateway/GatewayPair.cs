using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Gateway;

/// <summary>What the Secret of the gateway's certificate, or of the aggregated API's, holds.</summary>
/// <param name="Certificate">PEM of the certificate with its chain.</param>
/// <param name="Key">PEM of its key.</param>
/// <param name="Authorities">PEM of each CA that agents are to pin.</param>
/// <param name="AuthorityKey">PEM of the key of the first of them, where the operator is the CA.</param>
/// <param name="Expires">When the certificate ends.</param>
internal sealed record GatewayPair(string Certificate, string Key, IReadOnlyList<string> Authorities, string? AuthorityKey, DateTimeOffset Expires)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>The CA that the certificate is from; the first one where that cannot be told.</summary>
    public string Issuer
    {
        get
        {
            using var leaf = X509Certificate2.CreateFromPem(Certificate);
            return Authorities.FirstOrDefault(a => Issued(a, leaf)) ?? Authorities[0];
        }
    }

    /// <summary>The content of a Secret; null if it is no certificate with its key and CA.</summary>
    public static GatewayPair? Read(Secret secret)
    {
        if (Text(secret, "ca.crt") is not { } ca || Text(secret, "tls.crt") is not { } certificate || Text(secret, "tls.key") is not { } key) return null;
        try
        {
            using var pem = X509Certificate2.CreateFromPem(certificate, key);
            var roots = new X509Certificate2Collection();
            roots.ImportFromPem(ca);
            var authorities = roots.Select(r => r.ExportCertificatePem()).ToList();
            foreach (var root in roots) root.Dispose();
            return authorities.Count == 0 ? null : new GatewayPair(certificate, key, authorities, Text(secret, "ca.key"), pem.NotAfter.ToUniversalTime());
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>
    /// A new certificate. It is of the same CA while that outlives it, so that agents need no news; otherwise of a new one, which is listed
    /// first, with the ones before it behind it.
    /// </summary>
    public static Dictionary<string, byte[]> Make(GatewayPair? before, DateTimeOffset now, string serverName = Names.GatewayServerName)
    {
        using var authority = before?.OwnAuthority(now + Lifetime) ?? NewAuthority(now);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=berth", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(serverName);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        if (authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault() is { } id) request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(id));
        using var certificate = request.Create(authority, now.AddMinutes(-5), now + Lifetime, RandomNumberGenerator.GetBytes(16));
        using var authorityKey = authority.GetECDsaPrivateKey()!;
        var first = authority.ExportCertificatePem();
        var others = before?.Authorities.Where(a => a != first && !Ended(a, now)) ?? [];
        return new()
        {
            ["ca.crt"] = Encoding.ASCII.GetBytes(string.Join('\n', others.Prepend(first)) + "\n"),
            ["ca.key"] = Encoding.ASCII.GetBytes(authorityKey.ExportPkcs8PrivateKeyPem()),
            ["tls.crt"] = Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()),
            ["tls.key"] = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()),
        };
    }

    /// <summary>Whether a CA is over.</summary>
    public static bool Ended(string pem, DateTimeOffset now)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return certificate.NotAfter.ToUniversalTime() <= now;
    }

    /// <summary>The certificate with its key, as a server needs it.</summary>
    public X509Certificate2 Load()
    {
        using var pem = X509Certificate2.CreateFromPem(Certificate, Key);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    private X509Certificate2? OwnAuthority(DateTimeOffset mustLast)
    {
        if (AuthorityKey is null) return null;
        var authority = X509Certificate2.CreateFromPem(Authorities[0], AuthorityKey);
        if (authority.NotAfter.ToUniversalTime() > mustLast) return authority;
        authority.Dispose();
        return null;
    }

    private static X509Certificate2 NewAuthority(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // Each CA has a name of its own, so that nobody takes one for the other while both are pinned.
        var request = new CertificateRequest($"CN=berth-gateway-ca-{now:yyyyMMdd}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now.AddMinutes(-5), now + (Lifetime * 3));
    }

    private static bool Issued(string authority, X509Certificate2 leaf)
    {
        using var root = X509Certificate2.CreateFromPem(authority);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        return chain.Build(leaf);
    }

    private static string? Text(Secret secret, string key) => secret.Data?.GetValueOrDefault(key) is { Length: > 0 } bytes ? Encoding.ASCII.GetString(bytes) : null;
}
