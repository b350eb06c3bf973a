using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Gateway;

/// <summary>Who a bearer token belongs to: a pod, as the API server says.</summary>
internal sealed record AgentIdentity(string Namespace, string Pod, string PodUid);

/// <summary>Asks the API server whose token it is. A token of another audience, or one that is bound to no pod, is nobody's.</summary>
internal sealed class AgentAuthenticator(KubernetesClient client, TimeProvider time, ILogger<AgentAuthenticator> log)
{
    private const string PodNameKey = "authentication.kubernetes.io/pod-name";
    private const string PodUidKey = "authentication.kubernetes.io/pod-uid";
    private static readonly TimeSpan Remember = TimeSpan.FromSeconds(60);
    private readonly ConcurrentDictionary<string, (AgentIdentity Identity, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);

    /// <summary>The identity behind the request's bearer token; null if there is none that counts.</summary>
    public async Task<AgentIdentity?> AuthenticateAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal) || header.Length is < 20 or > 16_384) return null;
        var token = header["Bearer ".Length..];
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        var now = time.GetUtcNow();
        if (_known.TryGetValue(key, out var known) && known.Until > now) return known.Identity;
        var identity = await ReviewAsync(token, cancellationToken);
        if (identity is null) return null;
        foreach (var (old, value) in _known) if (value.Until <= now) _known.TryRemove(old, out _);
        _known[key] = (identity, now + Remember);
        return identity;
    }

    private async Task<AgentIdentity?> ReviewAsync(string token, CancellationToken cancellationToken)
    {
        var review = await client.CreateAsync(Kubernetes.Resources.TokenReviews, new TokenReview { Spec = new() { Token = token, Audiences = [Names.TokenAudience] } }, cancellationToken: cancellationToken);
        if (review.Status is not { Authenticated: true } status || status.Audiences?.Contains(Names.TokenAudience) != true)
        {
            log.LogWarning("A connection to the agent gateway was refused: {Error}", review.Status?.Error ?? "the token is not meant for audience berth");
            return null;
        }
        var user = status.User;
        var name = user?.Username ?? "";
        const string prefix = "system:serviceaccount:";
        if (!name.StartsWith(prefix, StringComparison.Ordinal) || user?.Extra?.GetValueOrDefault(PodNameKey) is not [{ } pod] || user.Extra.GetValueOrDefault(PodUidKey) is not [{ } uid])
        {
            log.LogWarning("A connection to the agent gateway was refused: the token of {User} is bound to no pod", name);
            return null;
        }
        return new AgentIdentity(name[prefix.Length..].Split(':')[0], pod, uid);
    }
}
