using System.Text.Json;
using Berth.Kubernetes;

namespace Berth.Operator.View.Access;

/// <summary>
/// Who asks: the API server's front proxy says it in headers and proves itself by its certificate; anybody else shows a token that the API
/// server reviews. Nobody is anonymous.
/// </summary>
internal sealed class ViewAuthenticator(KubernetesClient client, TimeProvider time, ILogger<ViewAuthenticator> log) : IDisposable
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim _reading = new(1);
    private volatile Known? _known;

    /// <summary>The user; null if nobody vouches for one.</summary>
    public async Task<Requester?> AuthenticateAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (await context.Connection.GetClientCertificateAsync(cancellationToken) is { } certificate && await TrustAsync(cancellationToken) is { } trust && trust.Covers(certificate))
            return trust.Read(context.Request.Headers);
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.Ordinal) ? await ReviewAsync(header["Bearer ".Length..], cancellationToken) : null;
    }

    /// <inheritdoc />
    public void Dispose() => _reading.Dispose();

    private async Task<Requester?> ReviewAsync(string token, CancellationToken cancellationToken)
    {
        var review = await client.CreateAsync(Kubernetes.Resources.TokenReviews, new TokenReview { Spec = new() { Token = token } }, cancellationToken: cancellationToken);
        if (review.Status is not { Authenticated: true, User: { Username: { Length: > 0 } name } user }) return null;
        return new(name, user.Uid, user.Groups ?? [], user.Extra ?? new Dictionary<string, IReadOnlyList<string>>());
    }

    /// <summary>What the cluster publishes; it may change, so it is read again now and then. What was read before counts while it cannot be.</summary>
    private async Task<FrontProxyTrust?> TrustAsync(CancellationToken cancellationToken)
    {
        if (_known is { } fresh && time.GetElapsedTime(fresh.At) < GoodFor) return fresh.Trust;
        await _reading.WaitAsync(cancellationToken);
        try
        {
            if (_known is { } meanwhile && time.GetElapsedTime(meanwhile.At) < GoodFor) return meanwhile.Trust;
            var map = await client.TryGetAsync(Kubernetes.Resources.ConfigMaps, FrontProxyTrust.Source, cancellationToken);
            _known = new(map is null ? null : FrontProxyTrust.Read(map), time.GetTimestamp());
            if (_known.Trust is null) log.LogWarning("ConfigMap {Source} names no CA of front proxies: the aggregated API cannot tell who asks", FrontProxyTrust.Source);
        }
        catch (Exception e) when (e is KubernetesException or JsonException or System.Security.Cryptography.CryptographicException)
        {
            log.LogWarning("ConfigMap {Source} cannot be read: {Message}. The operator needs Role extension-apiserver-authentication-reader in kube-system", FrontProxyTrust.Source, e.Message);
        }
        finally
        {
            _reading.Release();
        }
        return _known?.Trust;
    }

    private sealed record Known(FrontProxyTrust? Trust, long At);
}
