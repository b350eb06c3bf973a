using System.Text;
using Berth.DevCluster.Http;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Handlers;

/// <summary>/healthz, /livez and /readyz, each check by itself, and all of them told with <c>?verbose</c>.</summary>
internal static class HealthChecks
{
    private static readonly string[] Live = ["ping", "log", "etcd"];
    private static readonly string[] Ready = ["ping", "log", "etcd", "etcd-readiness", "informer-sync", "shutdown"];

    public static async Task<bool> TryHandle(HttpContext http, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is 0 or > 2 || parts[0] is not ("healthz" or "livez" or "readyz")) return false;
        var checks = parts[0] == "readyz" ? Ready : Live;
        if (parts.Length == 2 && !checks.Contains(parts[1])) return false;
        if (parts.Length == 2 || !http.Request.Query.ContainsKey("verbose"))
        {
            await Responses.Text(http, 200, "ok");
            return true;
        }
        var excluded = http.Request.Query["exclude"].OfType<string>().ToHashSet(StringComparer.Ordinal);
        var text = new StringBuilder();
        foreach (var check in checks) text.Append("[+]").Append(check).Append(excluded.Contains(check) ? " excluded: ok\n" : " ok\n");
        await Responses.Text(http, 200, text.Append(parts[0]).Append(" check passed\n").ToString());
        return true;
    }
}
