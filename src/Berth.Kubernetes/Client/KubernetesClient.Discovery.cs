using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Kubernetes;

// Finding out about kinds at run time.
public sealed partial class KubernetesClient
{
    /// <summary>Finds the resource of a kind that stands in a manifest.</summary>
    /// <param name="apiVersion">Group and version, such as <c>apps/v1</c>.</param>
    /// <param name="kind">Kind.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="KubernetesException">The server does not know it (404), or any other failure.</exception>
    public async Task<ResourceType<JsonObject>> ResolveAsync(string apiVersion, string kind, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(apiVersion);
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        var (group, version) = slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
        var request = new ApiRequest { Method = HttpMethod.Get, Path = (slash < 0 ? "/api/" : "/apis/") + apiVersion, Verb = "discovery" };
        var resources = await ExchangeAsync(request, static body => JsonSerializer.Deserialize(body.Span, KubernetesJson.Default.JsonObject)!, cancellationToken);
        foreach (var resource in resources["resources"]?.AsArray() ?? [])
        {
            var plural = resource?["name"]?.GetValue<string>() ?? "";
            if (resource?["kind"]?.GetValue<string>() != kind || plural.Contains('/', StringComparison.Ordinal)) continue;
            return Resources.Dynamic(group, version, plural, kind, resource["namespaced"]?.GetValue<bool>() ?? false);
        }
        throw new KubernetesException(new Status { Code = 404, Reason = "NotFound", Message = $"The server has no kind {kind} in {apiVersion}." });
    }

    /// <summary>The server's version, such as <c>v1.36.2</c>.</summary>
    /// <exception cref="KubernetesException">Any failure.</exception>
    public Task<string> GetVersionAsync(CancellationToken cancellationToken = default) =>
        ExchangeAsync(new() { Method = HttpMethod.Get, Path = "/version", Verb = "discovery" },
            static body => JsonSerializer.Deserialize(body.Span, KubernetesJson.Default.JsonObject)?["gitVersion"]?.GetValue<string>() ?? "", cancellationToken);
}
