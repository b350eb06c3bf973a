using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Pods.Client;

/// <summary>
/// The few requests that a pod runner and the built-in controllers need. On purpose not the operator's client: a bug
/// in one must not hide the same bug in the other.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    public const string MergePatch = "application/merge-patch+json";
    public const string StrategicPatch = "application/strategic-merge-patch+json";
    public const string JsonPatch = "application/json-patch+json";

    private readonly HttpClient _http;
    private readonly KubeConfig? _config;

    public ApiClient(HttpClient http)
    {
        _http = http;
        _http.Timeout = Timeout.InfiniteTimeSpan;
    }

    public ApiClient(KubeConfig config, string userAgent)
        : this(new HttpClient(Handler(config)) { BaseAddress = config.Server })
    {
        _config = config;
        _http.DefaultRequestVersion = config.Server.Scheme == "https" ? HttpVersion.Version20 : HttpVersion.Version11;
        _http.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        _http.DefaultRequestHeaders.UserAgent.ParseAdd(userAgent);
    }

    public Uri Server => _http.BaseAddress!;

    /// <summary>PEM of the authority that signed the server's certificate; empty when not known.</summary>
    public string AuthorityPem => _config?.AuthorityPem ?? "";

    public Task<JsonObject> GetAsync(string path, CancellationToken cancel) => SendAsync(HttpMethod.Get, path, null, null, cancel);

    public async Task<JsonObject?> FindAsync(string path, CancellationToken cancel)
    {
        try
        {
            return await GetAsync(path, cancel);
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            return null;
        }
    }

    public Task<JsonObject> CreateAsync(string path, JsonNode body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, path, body, "application/json", cancel);

    public Task<JsonObject> ReplaceAsync(string path, JsonNode body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, path, body, "application/json", cancel);

    public Task<JsonObject> PatchAsync(string path, string type, JsonNode body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Patch, path, body, type, cancel);

    public Task<JsonObject> DeleteAsync(string path, JsonNode? options, CancellationToken cancel) =>
        SendAsync(HttpMethod.Delete, path, options, "application/json", cancel);

    /// <summary>Events of one watch, until the server ends it. Ends with an <see cref="ApiException"/> on an ERROR event.</summary>
    public async IAsyncEnumerable<(string Type, JsonObject Object)> WatchAsync(
        string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = await RequestAsync(HttpMethod.Get, path, null, null);
        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode)
        {
            throw Failure(response.StatusCode, await response.Content.ReadAsStringAsync(cancel));
        }

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel), Encoding.UTF8);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            JsonObject notice = Parse(line);
            if (notice["object"] is not JsonObject item)
            {
                continue;
            }

            notice.Remove("object");
            string type = notice.Text("type") ?? "";
            if (type == "ERROR")
            {
                throw Failure((HttpStatusCode)(item.Number("code") ?? 500), item.ToJsonString());
            }

            yield return (type, item);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonNode? body, string? type, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        using var request = await RequestAsync(method, path, body, type);
        using HttpResponseMessage response = await _http.SendAsync(request, limit.Token);
        string text = await response.Content.ReadAsStringAsync(limit.Token);
        return response.IsSuccessStatusCode ? Parse(text) : throw Failure(response.StatusCode, text);
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, JsonNode? body, string? type)
    {
        var request = new HttpRequestMessage(method, path)
        {
            Version = _http.DefaultRequestVersion,
            VersionPolicy = _http.DefaultVersionPolicy,
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (_config?.TokenFile is { } file)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(file)).Trim());
        }
        else if (_config?.Token is { } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type!);
        }

        return request;
    }

    private static ApiException Failure(HttpStatusCode code, string text)
    {
        JsonNode? status = null;
        try
        {
            status = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            // A proxy's plain text; it becomes the message as it is.
        }

        return new ApiException(code, status.Text("reason") ?? code.ToString(), status.Text("message") ?? text);
    }

    private static JsonObject Parse(string text)
    {
        JsonObject parsed = JsonNode.Parse(text) as JsonObject ?? throw new JsonException("the API server answered something that is no object");
        Settle(parsed);
        return parsed;
    }

    /// <summary>Nodes parse themselves lazily, which is no read for two threads at once: walk them while there is one owner.</summary>
    private static void Settle(JsonNode? node)
    {
        if (node is JsonObject map)
        {
            foreach (var (_, value) in map)
            {
                Settle(value);
            }
        }
        else if (node is JsonArray list)
        {
            foreach (JsonNode? item in list)
            {
                Settle(item);
            }
        }
    }

    private static SocketsHttpHandler Handler(KubeConfig config)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(15),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            UseProxy = false,
        };
        if (config.ClientCertificate is { } certificate)
        {
            handler.SslOptions.ClientCertificates = [certificate];
        }

        handler.SslOptions.TargetHost = config.TlsServerName;
        if (config.Insecure)
        {
#pragma warning disable CA5359 // The kubeconfig asks for it in so many words.
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (config.Authorities is { } authorities)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }
}
