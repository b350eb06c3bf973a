using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Typing;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Aggregation;

/// <summary>API servers behind this one: which groups they serve, and the way to them.</summary>
internal sealed class AggregatedApis : IDisposable
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(2);

    private readonly Cluster _cluster;
    private readonly BackendClient _backends;
    private readonly ConcurrentDictionary<string, JsonObject> _resources = new();
    private readonly CancellationTokenSource _stop = new();
    private Loaded _loaded = new(null, []);
    private int _checking;

    public AggregatedApis(Cluster cluster)
    {
        _cluster = cluster;
        _backends = new BackendClient(cluster);
    }

    private sealed record Loaded(ImmutableSortedSet<StoredObject>? Set, IReadOnlyList<AggregatedService> All);

    private ApiResource ApiServices => _cluster.Registry.Get("apiregistration.k8s.io", "apiservices");

    public IReadOnlyList<AggregatedService> All
    {
        get
        {
            var set = ApiServices.Store.Current;
            var loaded = Volatile.Read(ref _loaded);
            if (ReferenceEquals(loaded.Set, set)) return loaded.All;
            loaded = new Loaded(set, [.. set.Select(s => AggregatedService.Read(s.Parse())).OfType<AggregatedService>()]);
            Volatile.Write(ref _loaded, loaded);
            if (loaded.All.Count > 0 && Interlocked.Exchange(ref _checking, 1) == 0) _ = Task.Run(Check, CancellationToken.None);
            return loaded.All;
        }
    }

    public AggregatedService? Find(string group, string version) => All.FirstOrDefault(s => s.Group == group && s.Version == version);

    /// <summary>The resources an aggregated version was last found to have; empty while it was never reached.</summary>
    public IEnumerable<JsonObject> Resources(AggregatedService service) => _resources.GetValueOrDefault(service.Name).Objects("resources");

    public Task Forward(HttpContext http, UserInfo user, AggregatedService service) => _backends.Forward(http, user, service);

    public void Dispose()
    {
        _stop.Cancel();
        _backends.Dispose();
        _stop.Dispose();
    }

    // Says of each service whether it can be reached, for as long as there is one.
    private async Task Check()
    {
        using var timer = new PeriodicTimer(CheckEvery);
        try
        {
            do
            {
                foreach (var service in All) await CheckOne(service);
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The cluster is being disposed.
        }
        catch (ObjectDisposedException)
        {
            // The cluster was disposed while a check was under way.
        }
    }

    private async Task CheckOne(AggregatedService service)
    {
        var (list, why) = await _backends.Resources(service, _stop.Token);
        if (list is not null) _resources[service.Name] = list;
        Report(service, list is not null, list is not null ? "Passed" : "FailedDiscoveryCheck", list is not null ? "all checks passed" : why);
    }

    private void Report(AggregatedService service, bool available, string reason, string message)
    {
        if (ApiServices.Store.Find(service.Name) is not { } stored) return;
        var obj = stored.Parse();
        var conditions = obj.Ensure("status").EnsureArray("conditions");
        var present = conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == "Available");
        var status = available ? "True" : "False";
        if (present is not null && present.Text("status") == status && present.Text("reason") == reason && present.Text("message") == message) return;
        var since = present is not null && present.Text("status") == status ? present.TextOr("", "lastTransitionTime") : _cluster.Now();
        if (present is not null) conditions.Remove(present);
        conditions.Add((JsonNode)new JsonObject { ["type"] = "Available", ["status"] = status, ["lastTransitionTime"] = since, ["reason"] = reason, ["message"] = message });
        // A lost race is made good by the next check.
        _cluster.Store.Replace(ApiServices.Store, stored, new ObjectDraft(BuiltinCodec.Decode(obj, ApiServices.Storage.Type).Object));
    }
}
