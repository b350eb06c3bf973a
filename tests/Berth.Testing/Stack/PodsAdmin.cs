using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Berth.Testing;

/// <summary>The pod runner's admin endpoint: pids of containers, and lies on command.</summary>
public sealed partial class PodsAdmin(string directory) : IDisposable
{
    private readonly HttpClient _http = new();

    /// <summary>Pid of a container; fails if it does not run.</summary>
    public async Task<int> PidAsync(string pod, string container)
    {
        var pods = await _http.GetFromJsonAsync<JsonArray>(new Uri(Address(), "admin/pods")) ?? [];
        var found = pods.OfType<JsonObject>().Where(p => (string?)p["name"] == pod).SelectMany(p => p["containers"]!.AsArray().OfType<JsonObject>()).FirstOrDefault(c => (string?)c["name"] == container);
        return (int?)found?["pid"] ?? throw new InvalidOperationException($"container {container} of pod {pod} does not run");
    }

    /// <summary>Where the pod runner keeps a pod's volumes.</summary>
    public async Task<string> DirectoryAsync(string ns, string pod)
    {
        var pods = await _http.GetFromJsonAsync<JsonArray>(new Uri(Address(), "admin/pods")) ?? [];
        return (string?)pods.OfType<JsonObject>().FirstOrDefault(p => (string?)p["namespace"] == ns && (string?)p["name"] == pod)?["directory"] ?? throw new InvalidOperationException($"there is no pod {ns}/{pod}");
    }

    /// <summary>Posts a command; see docs/dev-cluster-pods.md.</summary>
    public async Task DoAsync(string command)
    {
        var answer = await _http.PostAsync(new Uri(Address(), command), null);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{command}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private Uri Address()
    {
        using var reader = new StreamReader(new FileStream(Path.Combine(directory, "logs", "pods.log"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return new Uri(AdminAddress().Match(reader.ReadToEnd()).Value);
    }

    [GeneratedRegex("http://127[0-9.]+:[0-9]+/")]
    private static partial Regex AdminAddress();
}
