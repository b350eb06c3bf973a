using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Json;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Aggregation;

/// <summary>
/// Speaks to aggregated API servers: over TLS to the address of the service, under the service's name, with the front proxy's
/// certificate and the user in headers.
/// </summary>
internal sealed class BackendClient(Cluster cluster) : IDisposable
{
    private static readonly HashSet<string> Kept = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Host", "Connection", "Transfer-Encoding", "Content-Length", "Content-Type", "Keep-Alive", "Upgrade",
    };

    private readonly ConcurrentDictionary<(string Uid, string CaBundle), HttpClient> _clients = new();
    private readonly Lazy<X509Certificate2> _certificate = new(() => cluster.Credentials.FrontProxy.IssueClient("front-proxy-client"));

    public async Task Forward(HttpContext http, UserInfo user, AggregatedService service)
    {
        using var request = Request(http, user, service);
        HttpResponseMessage answer;
        try
        {
            answer = await Client(service).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, http.RequestAborted);
        }
        catch (HttpRequestException e)
        {
            throw new StatusException(503, "ServiceUnavailable", $"error trying to reach service: {e.Message}");
        }
        using (answer)
        {
            http.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
            {
                if (!Kept.Contains(name) || name == "Content-Type") http.Response.Headers[name] = values.ToArray();
            }
            await Copy(await answer.Content.ReadAsStreamAsync(http.RequestAborted), http);
        }
    }

    /// <summary>The resources of the aggregated version, or why they cannot be had.</summary>
    public async Task<(JsonObject? List, string Why)> Resources(AggregatedService service, CancellationToken cancel)
    {
        if (ServiceAddress.Find(cluster, service).Count == 0) return (null, $"service/{service.ServiceName} in \"{service.ServiceNamespace}\" has no endpoints");
        var path = $"/apis/{service.Group}/{service.Version}";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://{service.HostName}{path}"));
            Identify(request, new UserInfo("system:kube-aggregator", "", ["system:masters", "system:authenticated"]));
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(5));
            using var answer = await Client(service).SendAsync(request, limit.Token);
            if (!answer.IsSuccessStatusCode) return (null, $"failing or missing response from https://{service.HostName}{path}: bad status {(int)answer.StatusCode}");
            return (JsonText.Parse(await answer.Content.ReadAsByteArrayAsync(limit.Token)) as JsonObject, "");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return (null, $"failing or missing response from https://{service.HostName}{path}: {e.Message}");
        }
    }

    public void Dispose()
    {
        foreach (var client in _clients.Values) client.Dispose();
        if (_certificate.IsValueCreated) _certificate.Value.Dispose();
    }

    private static HttpRequestMessage Request(HttpContext http, UserInfo user, AggregatedService service)
    {
        var from = http.Request;
        var request = new HttpRequestMessage(new HttpMethod(from.Method), new Uri($"https://{service.HostName}{from.Path.ToUriComponent()}{from.QueryString.ToUriComponent()}"));
        if (from.ContentLength > 0 || from.Headers.TransferEncoding.Count > 0 || from.Method is "POST" or "PUT" or "PATCH") request.Content = new StreamContent(from.Body);
        if (request.Content is not null && from.ContentType is { } type) request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var (name, values) in from.Headers)
        {
            if (Kept.Contains(name) || name.StartsWith("X-Remote-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase) || name[0] == ':') continue;
            request.Headers.TryAddWithoutValidation(name, values.ToArray());
        }
        Identify(request, user);
        return request;
    }

    private static void Identify(HttpRequestMessage request, UserInfo user)
    {
        // HeaderLines turns them into lines; it sees the first request of a connection only.
        request.Headers.ConnectionClose = true;
        request.Headers.TryAddWithoutValidation("X-Remote-User", HeaderLines.Escape(user.Name));
        if (user.Uid.Length > 0) request.Headers.TryAddWithoutValidation("X-Remote-Uid", HeaderLines.Escape(user.Uid));
        request.Headers.TryAddWithoutValidation("X-Remote-Group", user.Groups.Select(HeaderLines.Escape));
        foreach (var (key, values) in user.Extra ?? new Dictionary<string, string[]>())
            request.Headers.TryAddWithoutValidation("X-Remote-Extra-" + Uri.EscapeDataString(key), values.Select(HeaderLines.Escape));
    }

    private HttpClient Client(AggregatedService service) => _clients.GetOrAdd((service.Uid, service.CaBundle + service.Insecure), _ =>
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = service.HostName, ClientCertificates = [_certificate.Value] };
#pragma warning disable CA5359 // insecureSkipTLSVerify is what the APIService asks for in so many words.
        if (service.Insecure) tls.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        else tls.CertificateChainPolicy = Policy(service.CaBundle);
        var handler = new SocketsHttpHandler { SslOptions = tls, UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero };
        handler.PlaintextStreamFilter = static (context, _) => new ValueTask<Stream>(new HeaderLines(context.PlaintextStream));
        handler.ConnectCallback = (_, cancel) => Connect(service, cancel);
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    });

    // One of several endpoints may be gone without the service knowing it yet: the next one answers then.
    private async ValueTask<Stream> Connect(AggregatedService service, CancellationToken cancel)
    {
        var addresses = ServiceAddress.Find(cluster, service);
        for (var i = 0; i < addresses.Count; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses[i].Host, addresses[i].Port, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i < addresses.Count - 1)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        throw new HttpRequestException($"service {service.ServiceNamespace}/{service.ServiceName} has no endpoints");
    }

    private static X509ChainPolicy Policy(string bundle)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        if (bundle.Length > 0) policy.CustomTrustStore.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(bundle)));
        return policy;
    }

    private static async Task Copy(Stream from, HttpContext http)
    {
        var buffer = new byte[16384];
        int read;
        await http.Response.StartAsync(http.RequestAborted);
        while ((read = await from.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }
}
