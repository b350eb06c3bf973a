using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Berth.Kubernetes;

namespace Berth.Operator.View.Access;

/// <summary>Which client certificates may speak for others, and in which headers they do: as the cluster publishes it for aggregated API servers.</summary>
internal sealed record FrontProxyTrust(X509Certificate2Collection Authorities, IReadOnlyList<string> AllowedNames, IReadOnlyList<string> UserHeaders, IReadOnlyList<string> UidHeaders,
    IReadOnlyList<string> GroupHeaders, IReadOnlyList<string> ExtraPrefixes)
{
    /// <summary>Where every cluster publishes it.</summary>
    public static readonly ObjectKey Source = new("kube-system", "extension-apiserver-authentication");

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Null when the ConfigMap names no CA for front proxies.</summary>
    public static FrontProxyTrust? Read(ConfigMap map)
    {
        if (map.Data?.GetValueOrDefault("requestheader-client-ca-file") is not { Length: > 0 } pem) return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return new(authorities, List(map, "requestheader-allowed-names"), List(map, "requestheader-username-headers"), List(map, "requestheader-uid-headers"),
            List(map, "requestheader-group-headers"), List(map, "requestheader-extra-headers-prefix"));
    }

    /// <summary>Whether a client with this certificate may say who the user is.</summary>
    public bool Covers(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate) && (AllowedNames.Count == 0 || AllowedNames.Contains(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)));
    }

    /// <summary>The user in the headers; null if they name none.</summary>
    public Requester? Read(IHeaderDictionary headers)
    {
        if (First(headers, UserHeaders) is not { Length: > 0 } name) return null;
        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (header, values) in headers)
            foreach (var prefix in ExtraPrefixes)
                if (header.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) extra[Uri.UnescapeDataString(header[prefix.Length..]).ToLowerInvariant()] = [.. values.OfType<string>()];
        return new(name, First(headers, UidHeaders), [.. GroupHeaders.SelectMany(h => headers[h].OfType<string>())], extra);
    }

    private static string? First(IHeaderDictionary headers, IEnumerable<string> names) => names.Select(n => headers[n].ToString()).FirstOrDefault(v => v.Length > 0);

    private static IReadOnlyList<string> List(ConfigMap map, string key)
    {
        if (map.Data?.GetValueOrDefault(key) is not { Length: > 0 } text) return [];
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateArray().Select(e => e.GetString()).OfType<string>()];
    }
}
