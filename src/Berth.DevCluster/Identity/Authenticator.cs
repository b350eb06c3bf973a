using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Identity;

/// <summary>Finds out who asks: bearer token, client certificate, and whom they may act for.</summary>
internal sealed class Authenticator(Cluster cluster)
{
    /// <summary>The user behind a request's credentials.</summary>
    /// <exception cref="StatusException">401: there are none, or they are not good.</exception>
    public UserInfo Authenticate(HttpContext http)
    {
        if (http.Request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            var token = header[7..].Trim();
            var (user, _) = ByToken(token, [ServiceAccountTokens.ServerAudience]);
            return user ?? throw StatusException.Unauthorized();
        }
        if (http.Connection.ClientCertificate is { } certificate && ClientCertificates.Read(certificate, cluster.Credentials.Authority) is { } known) return known;
        throw StatusException.Unauthorized();
    }

    /// <summary>The user of a token that is meant for one of the audiences, or the reason why there is none.</summary>
    public (UserInfo? User, string Error) ByToken(string token, IReadOnlyCollection<string> audiences)
    {
        if (cluster.Credentials.Find(token) is { } known) return (known, "");
        if (cluster.Credentials.ServiceAccounts.Read(token) is not { } claims) return (null, "invalid bearer token");
        var meant = claims.Strings("aud").ToList();
        if (!meant.Intersect(audiences).Any())
        {
            static string Quoted(IEnumerable<string> items) => "[" + string.Join(" ", items.Select(FieldError.Quote)) + "]";
            return (null, $"[invalid bearer token, token audiences {Quoted(meant)} is invalid for the target audiences {Quoted(audiences)}]");
        }
        return ServiceAccountClaims.Verify(cluster, claims);
    }
}
