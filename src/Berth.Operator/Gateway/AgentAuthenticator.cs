using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Gateway;

/// <summary>Who a bearer token belongs to: a pod, as the API server says.</summary>
internal sealed record AgentIdentity(string Namespace, string Pod, string PodUid);

/// <summary>
/// Asks the API server whose token it is. A token of another audience, one that is bound to no pod, or one of a pod that is in no pool is
/// nobody's. Answers are remembered a while, the good and the bad ones, and few are asked for at once: a flood of tokens stays here.
/// </summary>
internal sealed class AgentAuthenticator(KubernetesClient client, ClusterCache cache, TimeProvider time, ILogger<AgentAuthenticator> log) : IDisposable
{
    private const int Remembered = 20_000;
    private const string PodNameKey = "authentication.kubernetes.io/pod-name";
    private const string PodUidKey = "authentication.kubernetes.io/pod-uid";
    private static readonly TimeSpan RememberGood = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RememberBad = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, (AgentIdentity? Identity, DateTimeOffset Until)> _known = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _asking = new(GatewayLimits.ReviewsAtOnce);

    /// <summary>The identity behind the request's bearer token; null if there is none that counts.</summary>
    public async Task<AgentIdentity?> AuthenticateAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal) || header.Length is < 20 or > 16_384) return null;
        var token = header["Bearer ".Length..];
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        if (Recall(key) is not { } known)
        {
            await _asking.WaitAsync(cancellationToken);
            try
            {
                if (Recall(key) is not { } meanwhile)
                {
                    var identity = await ReviewAsync(token, cancellationToken);
                    Remember(key, identity);
                    known = (identity, default);
                }
                else known = meanwhile;
            }
            finally
            {
                _asking.Release();
            }
        }
        return known.Identity is { } pod && InPool(pod) ? pod : null;
    }

    /// <inheritdoc />
    public void Dispose() => _asking.Dispose();

    /// <summary>Only the operator may create pods with a pool's label; one whose object is gone still counts while a task was on it.</summary>
    private bool InPool(AgentIdentity identity)
    {
        if (cache.PodByUid(identity.PodUid) is { } pod)
            return pod.Metadata.Namespace == identity.Namespace && pod.Metadata.Name == identity.Pod && pod.Metadata.Label(Names.PoolLabel) is { Length: > 0 };
        return cache.Tasks.KeysByIndex(ClusterCache.ByPod, identity.PodUid).Concat(cache.Tasks.KeysByIndex(ClusterCache.ByPastPod, identity.PodUid)).Any(t => t.Namespace == identity.Namespace);
    }

    private (AgentIdentity? Identity, DateTimeOffset Until)? Recall(string key) => _known.TryGetValue(key, out var known) && known.Until > time.GetUtcNow() ? known : null;

    private void Remember(string key, AgentIdentity? identity)
    {
        var now = time.GetUtcNow();
        foreach (var (old, value) in _known) if (value.Until <= now) _known.TryRemove(old, out _);
        if (_known.Count < Remembered) _known[key] = (identity, now + (identity is null ? RememberBad : RememberGood));
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
