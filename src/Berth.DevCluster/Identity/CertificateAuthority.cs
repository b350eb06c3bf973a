using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Berth.DevCluster.Identity;

/// <summary>A certificate authority of the cluster's own, made at start.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private readonly X509Certificate2 _root;

    private CertificateAuthority(X509Certificate2 root) => _root = root;

    public X509Certificate2 Root => _root;

    public string Pem => _root.ExportCertificatePem() + "\n";

    public static CertificateAuthority From(X509Certificate2 root) => new(root);

    public static CertificateAuthority Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return new CertificateAuthority(request.CreateSelfSigned(Start(), Start() + Lifetime));
    }

    /// <summary>A certificate for a server, valid for this machine and for the names a cluster's API server answers to.</summary>
    public X509Certificate2 IssueServer(params IEnumerable<string> moreNames)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in (string[])["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", .. moreNames]) names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        names.AddIpAddress(IPAddress.Parse("10.96.0.1"));
        return Issue("CN=kube-apiserver", "1.3.6.1.5.5.7.3.1", names);
    }

    /// <summary>A certificate for a client: the user is its common name, the groups its organizations.</summary>
    public X509Certificate2 IssueClient(string user, params IEnumerable<string> groups)
    {
        var subject = new X500DistinguishedNameBuilder();
        foreach (var group in groups) subject.AddOrganizationName(group);
        subject.AddCommonName(user);
        return Issue(subject.Build(), "1.3.6.1.5.5.7.3.2", null);
    }

    public void Dispose() => _root.Dispose();

    private X509Certificate2 Issue(string subject, string usage, SubjectAlternativeNameBuilder? names) => Issue(new X500DistinguishedName(subject), usage, names);

    private X509Certificate2 Issue(X500DistinguishedName subject, string usage, SubjectAlternativeNameBuilder? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (names is not null) request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_root, Start(), Start() + Lifetime - TimeSpan.FromDays(1), RandomNumberGenerator.GetBytes(16));
        return issued.CopyWithPrivateKey(key);
    }

    // Clients' clocks may be a little behind ours.
    private static DateTimeOffset Start() => DateTimeOffset.UtcNow.AddMinutes(-5);
}
