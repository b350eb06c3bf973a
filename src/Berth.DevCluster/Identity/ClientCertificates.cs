using System.Security.Cryptography.X509Certificates;

namespace Berth.DevCluster.Identity;

/// <summary>Users by client certificate: the common name is the user, each organization a group.</summary>
internal static class ClientCertificates
{
    public static UserInfo? Read(X509Certificate2 certificate, CertificateAuthority authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority.Root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (!chain.Build(certificate)) return null;
        var name = certificate.GetNameInfo(X509NameType.SimpleName, false);
        var groups = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(r => !r.HasMultipleElements && r.GetSingleElementType().Value == "2.5.4.10").Select(r => r.GetSingleElementValue()!);
        return new UserInfo(name, "", [.. groups, "system:authenticated"]);
    }
}
