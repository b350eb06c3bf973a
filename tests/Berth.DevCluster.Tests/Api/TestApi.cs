using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Tests.Api;

/// <summary>What a request was answered with.</summary>
internal sealed record Reply(int Status, JsonObject Body)
{
    public string Reason => (string?)Body["reason"] ?? "";

    public string Message => (string?)Body["message"] ?? "";

    public string Version => (string)Body["metadata"]!["resourceVersion"]!;

    public IReadOnlyList<string> Names => [.. Body["items"]!.AsArray().Select(i => (string)i!["metadata"]!["name"]!)];
}

/// <summary>A plain client for one user of a cluster.</summary>
internal sealed class TestApi(DevCluster cluster, string? user = null) : IDisposable
{
    private readonly HttpClient _client = cluster.CreateClient(user);

    public HttpClient Client => _client;

    public Task<Reply> Get(string path) => Send(HttpMethod.Get, path, null, null);

    public Task<Reply> Post(string path, string body) => Send(HttpMethod.Post, path, body, "application/json");

    public Task<Reply> Put(string path, JsonObject body) => Send(HttpMethod.Put, path, body.ToJsonString(), "application/json");

    public Task<Reply> Merge(string path, string body) => Send(HttpMethod.Patch, path, body, "application/merge-patch+json");

    public Task<Reply> Apply(string path, string manager, string body, bool force = false) =>
        Send(HttpMethod.Patch, $"{path}?fieldManager={manager}&force={(force ? "true" : "false")}", body, "application/apply-patch+yaml");

    public Task<Reply> Delete(string path, string? body = null) => Send(HttpMethod.Delete, path, body, "application/json");

    public async Task<Reply> Send(HttpMethod method, string path, string? body, string? media, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(media!);
        }
        using var response = await _client.SendAsync(request, Xunit.TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(Xunit.TestContext.Current.CancellationToken);
        return new Reply((int)response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : new JsonObject { ["text"] = text });
    }

    /// <summary>Watches until enough events have come or the time is over.</summary>
    public async Task<IReadOnlyList<JsonObject>> Watch(string path, int count, double seconds = 10)
    {
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var events = new List<JsonObject>();
        try
        {
            using var response = await _client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, end.Token);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(end.Token));
            while (events.Count < count && await reader.ReadLineAsync(end.Token) is { } line) events.Add(JsonNode.Parse(line)!.AsObject());
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // Fewer events than wished: the caller asserts on what came.
        }
        return events;
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>A custom kind for tests, with all that merging and selecting need.</summary>
internal static class Gadgets
{
    public const string All = "/apis/test.example.com/v1/namespaces/default/gadgets";

    public const string Definition = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.test.example.com"},"spec":{"group":"test.example.com","scope":"Namespaced",
        "names":{"plural":"gadgets","kind":"Gadget"},"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{
        "spec":{"type":"object","properties":{"size":{"type":"integer"},"owner":{"type":"string"},
        "tags":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"},
        "steps":{"type":"array","items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"run":{"type":"string"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"]},
        "order":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"atomic"},
        "limits":{"type":"object","additionalProperties":{"type":"string"}},
        "point":{"type":"object","x-kubernetes-map-type":"atomic","properties":{"x":{"type":"integer"},"y":{"type":"integer"}}}}},
        "status":{"type":"object","properties":{"phase":{"type":"string"}}}}}}}]}}
        """;

    public static async Task Define(TestApi api) => Xunit.Assert.Equal(201, (await api.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", Definition)).Status);

    public static string Named(string name, string spec = "{}") => $$$"""{"apiVersion":"test.example.com/v1","kind":"Gadget","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}}}""";
}
