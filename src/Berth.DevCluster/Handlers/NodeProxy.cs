using System.Net.Security;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Handlers;

/// <summary>
/// Passes requests on to whoever runs a node's pods, at <c>status.daemonEndpoints.kubeletEndpoint.Port</c> of the node's internal
/// address. The annotation <c>dev.berth/kubelet-url</c> of the node, if there, says scheme, address and port at once.
/// </summary>
internal sealed class NodeProxy : IDisposable
{
    public const string UrlAnnotation = "dev.berth/kubelet-url";

    private readonly Cluster _cluster;
    private readonly HttpClient _client;

    public NodeProxy(Cluster cluster)
    {
        _cluster = cluster;
        // The runner's certificate is its own, made at its start, and the address is loopback: there is nobody to verify.
#pragma warning disable CA5359
        var handler = new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true }, UseProxy = false };
#pragma warning restore CA5359
        _client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public async Task Forward(ApiRequest request, string node, string path)
    {
        var url = Url(node) + path;
        HttpResponseMessage answer;
        try
        {
            answer = await _client.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, request.Aborted);
        }
        catch (HttpRequestException e)
        {
            throw StatusException.Internal($"Get \"{url}\": {e.Message}");
        }
        using (answer)
        {
            var http = request.Http;
            if ((int)answer.StatusCode >= 400)
            {
                var why = await answer.Content.ReadAsStringAsync(request.Aborted);
                throw (int)answer.StatusCode == 404 ? new StatusException(404, "NotFound", $"the server could not find the requested resource: {why}")
                    : StatusException.BadRequest(why.Length > 0 ? why : $"the node answered {(int)answer.StatusCode}");
            }
            http.Response.StatusCode = (int)answer.StatusCode;
            http.Response.ContentType = answer.Content.Headers.ContentType?.ToString() ?? "text/plain";
            await Copy(await answer.Content.ReadAsStreamAsync(request.Aborted), request);
        }
    }

    public void Dispose() => _client.Dispose();

    // Each piece is sent on at once: a follower waits for lines, not for buffers.
    private static async Task Copy(Stream from, ApiRequest request)
    {
        var buffer = new byte[16384];
        int read;
        await request.Http.Response.StartAsync(request.Aborted);
        while ((read = await from.ReadAsync(buffer, request.Aborted)) > 0)
        {
            await request.Http.Response.Body.WriteAsync(buffer.AsMemory(0, read), request.Aborted);
            await request.Http.Response.Body.FlushAsync(request.Aborted);
        }
    }

    private string Url(string name)
    {
        var node = _cluster.Registry.Get("", "nodes").Store.Find(name)?.Parse() ?? throw StatusException.NotFound("", "nodes", name);
        if (node.Text("metadata", "annotations", UrlAnnotation) is { Length: > 0 } url) return url.TrimEnd('/');
        var port = node.Number("status", "daemonEndpoints", "kubeletEndpoint", "Port") ?? 0;
        if (port == 0) throw StatusException.Internal($"node {name} has no kubelet endpoint; run a pod runner for it");
        var address = node.Objects("status", "addresses").FirstOrDefault(a => a.Text("type") == "InternalIP").TextOr("127.0.0.1", "address");
        return $"https://{address}:{port}";
    }
}
