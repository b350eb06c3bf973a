using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Berth.Kubernetes.Conformance;

/// <summary>A certificate authority for one test.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;

    public TestAuthority(string name = "test authority")
    {
        var request = new CertificateRequest($"CN={name} {Guid.NewGuid():N}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public byte[] Pem => System.Text.Encoding.UTF8.GetBytes(_root.ExportCertificatePem());

    public X509Certificate2 ServerFor(params string[] hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(host);
        }
        var (certificate, key) = Issue("CN=server", "1.3.6.1.5.5.7.3.1", names.Build());
        using (certificate) return Usable(certificate, key);
    }

    public (byte[] Certificate, byte[] Key, string Thumbprint) ClientPem(string user)
    {
        var (certificate, key) = Issue($"CN={user}", "1.3.6.1.5.5.7.3.2", null);
        using (certificate)
            return (System.Text.Encoding.UTF8.GetBytes(certificate.ExportCertificatePem()), System.Text.Encoding.UTF8.GetBytes(key.ExportPkcs8PrivateKeyPem()), certificate.Thumbprint);
    }

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
    }

    private static X509Certificate2 Usable(X509Certificate2 certificate, ECDsa key)
    {
        using var pair = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
    }

    private (X509Certificate2 Certificate, ECDsa Key) Issue(string subject, string usage, X509Extension? names)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (names is not null) request.CertificateExtensions.Add(names);
        return (request.Create(_root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8)), key);
    }
}
