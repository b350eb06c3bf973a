using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Berth.Kubernetes;
using Berth.Operator.Leadership;
using Berth.Operator.Options;

namespace Berth.Operator.View;

/// <summary>Asks the leader what only it knows, in the operator's own name; who asked us was judged here.</summary>
internal sealed class LeaderViews : IDisposable
{
    private readonly LeaderState _leader;
    private readonly KubernetesConfig _cluster;
    private readonly OperatorOptions _options;
    private readonly HttpClient _http;

    public LeaderViews(LeaderState leader, KubernetesConfig cluster, ViewCertificates certificates, OperatorOptions options)
    {
        (_leader, _cluster, _options) = (leader, cluster, options);
        var handler = new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.FromMinutes(1), ConnectTimeout = TimeSpan.FromSeconds(5) };
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            TargetHost = certificates.ServerName,
            // The authority is read at each handshake: another replica may have made a new one.
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && IsOurs(shown, certificates.Authority, certificates.ServerName),
        };
        _http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(15) };
    }

    /// <summary>The leader's answer to the same request; what <paramref name="otherwise"/> says, or a refusal, while it cannot be had.</summary>
    public async Task<IResult> AskAsync(HttpContext context, Func<IResult>? otherwise = null)
    {
        if (_leader.LeaderViewAddress is not { Length: > 0 } address) return otherwise?.Invoke() ?? Unavailable("no leader is known");
        try
        {
            if (await TokenAsync(context.RequestAborted) is not { } token) return otherwise?.Invoke() ?? Unavailable("this replica has no token by which the leader would know it");
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://{address}{context.Request.Path}{context.Request.QueryString}"));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.TryAddWithoutValidation("Accept", context.Request.Headers.Accept.ToString());
            using var answer = await _http.SendAsync(request, context.RequestAborted);
            var body = await answer.Content.ReadAsStringAsync(context.RequestAborted);
            return answer.IsSuccessStatusCode ? Results.Text(body, "application/json") : otherwise?.Invoke() ?? Unavailable($"the leader at {address} answered {(int)answer.StatusCode}: {body}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            return otherwise?.Invoke() ?? Unavailable($"the leader at {address} does not answer: {e.Message}");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private async Task<string?> TokenAsync(CancellationToken cancellationToken) =>
        _cluster.TokenFile is { Length: > 0 } file ? (await File.ReadAllTextAsync(file, cancellationToken)).Trim() : _cluster.Token;

    private static bool IsOurs(X509Certificate2 shown, string authority, string name)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authority);
        return chain.Build(shown) && shown.MatchesHostname(name);
    }

    private IResult Unavailable(string why) => ViewStatus.Of(503, "ServiceUnavailable", $"{why}; only the leader of {_options.Operator.Namespace}/{_options.Lease.Name} knows this");
}
