using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Berth.Kubernetes;
using Berth.Operator.View.Access;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Berth.Operator.Tests.View;

/// <summary>Whose word about the user counts.</summary>
public sealed class FrontProxyTrustTests : IDisposable
{
    private const string ForClients = "1.3.6.1.5.5.7.3.2", ForServers = "1.3.6.1.5.5.7.3.1";
    private readonly X509Certificate2 _authority = Authority("CN=front-proxy-ca");
    private readonly X509Certificate2 _stranger = Authority("CN=stranger");

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public void Only_a_client_certificate_of_that_authority_under_an_allowed_name_counts()
    {
        var trust = Trust("""["front-proxy-client"]""");
        Assert.True(Covers(trust, _authority, "front-proxy-client", ForClients));
        Assert.False(Covers(trust, _stranger, "front-proxy-client", ForClients));
        Assert.False(Covers(trust, _authority, "somebody", ForClients));
        Assert.False(Covers(trust, _authority, "front-proxy-client", ForServers));
        Assert.True(Covers(Trust("[]"), _authority, "whoever", ForClients));
    }

    [Fact]
    public void The_user_is_read_from_the_headers_that_the_cluster_names()
    {
        var headers = new HeaderDictionary
        {
            ["X-Remote-User"] = "alice",
            ["X-Remote-Group"] = new(["developers", "system:authenticated"]),
            ["X-Remote-Extra-Acme.com%2fProject"] = "berth",
            ["Impersonate-User"] = "admin",
        };
        var who = Trust("[]").Read(headers)!;
        Assert.Equal("alice", who.Name);
        Assert.Equal(["developers", "system:authenticated"], who.Groups);
        Assert.Equal(["berth"], who.Extra["acme.com/project"]);
        Assert.Null(Trust("[]").Read(new HeaderDictionary { ["X-Remote-Group"] = "system:masters" }));
    }

    [Fact]
    public void Without_an_authority_nobody_may_speak_for_others() => Assert.Null(FrontProxyTrust.Read(new ConfigMap { Data = new Dictionary<string, string> { ["client-ca-file"] = "x" } }));

    private FrontProxyTrust Trust(string allowed) => FrontProxyTrust.Read(new ConfigMap
    {
        Data = new Dictionary<string, string>
        {
            ["requestheader-client-ca-file"] = _authority.ExportCertificatePem(),
            ["requestheader-allowed-names"] = allowed,
            ["requestheader-username-headers"] = """["X-Remote-User"]""",
            ["requestheader-group-headers"] = """["X-Remote-Group"]""",
            ["requestheader-extra-headers-prefix"] = """["X-Remote-Extra-"]""",
        },
    })!;

    private static bool Covers(FrontProxyTrust trust, X509Certificate2 authority, string name, string usage)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return trust.Covers(certificate);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
    }
}
