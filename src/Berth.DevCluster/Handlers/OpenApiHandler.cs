using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Handlers;

/// <summary>OpenAPI documents.</summary>
internal sealed class OpenApiHandler(Cluster cluster)
{
    public Task<bool> TryHandle(HttpContext http, string path) => Task.FromResult(path.Length == 0 && cluster.Registry.All.Count == 0 && http.Response.HasStarted);
}
