using System.Security.Cryptography.X509Certificates;

namespace Berth.DevCluster.Identity;

/// <summary>The keys of a cluster: its authorities, its server certificate, its users' tokens.</summary>
internal sealed class Credentials : IDisposable
{
    private readonly Dictionary<string, UserInfo> _byToken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _byName = new(StringComparer.Ordinal);

    private Credentials(CertificateAuthority authority, CertificateAuthority frontProxy, X509Certificate2 server, ServiceAccountTokens tokens) =>
        (Authority, FrontProxy, Server, ServiceAccounts) = (authority, frontProxy, server, tokens);

    public CertificateAuthority Authority { get; }

    /// <summary>Vouches for this server towards aggregated API servers.</summary>
    public CertificateAuthority FrontProxy { get; }

    public X509Certificate2 Server { get; }

    public ServiceAccountTokens ServiceAccounts { get; }

    /// <summary>The users with a token of their own, in the order they were added.</summary>
    public IEnumerable<(UserInfo User, string Token)> Users => _byName.Select(p => (_byToken[p.Value], p.Value));

    public static Credentials Create(DevClusterOptions options)
    {
        var keys = new KeyFile(options.PersistTo is { } directory ? Path.Combine(directory, "keys.json") : "");
        var authority = keys.Authority("berth-dev-cluster");
        var credentials = new Credentials(authority, keys.Authority("berth-dev-cluster-front-proxy"), authority.IssueServer(),
            new ServiceAccountTokens(options.Time, keys.ServiceAccountKey()));
        credentials.Add(new UserInfo(options.AdminName, options.AdminName, ["system:masters", "system:authenticated"]), keys);
        foreach (var user in options.Users) credentials.Add(new UserInfo(user, user, ["system:authenticated"]), keys);
        if (options.PersistTo is not null) keys.Save();
        return credentials;
    }

    public string TokenOf(string user) => _byName.TryGetValue(user, out var token) ? token : throw new KeyNotFoundException($"the cluster has no user '{user}'");

    public UserInfo? Find(string token) => _byToken.GetValueOrDefault(token);

    public void Dispose()
    {
        Server.Dispose();
        Authority.Dispose();
        FrontProxy.Dispose();
        ServiceAccounts.Dispose();
    }

    private void Add(UserInfo user, KeyFile keys)
    {
        var token = keys.Token(user.Name);
        _byToken[token] = user;
        _byName[user.Name] = token;
    }
}
