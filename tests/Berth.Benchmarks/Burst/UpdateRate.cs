using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Benchmarks.Machinery;
using Berth.Kubernetes;

namespace Berth.Benchmarks.Burst;

/// <summary>What the API server itself can do: status patches of tasks by a bare client, nothing else going on.</summary>
internal static class UpdateRate
{
    private const int Objects = 64;
    private const int Parallel = 16;

    /// <summary>Status patches a second.</summary>
    public static async Task<double> MeasureAsync(KubernetesClient client, string ns, TimeSpan time)
    {
        for (var i = 0; i < Objects; i++) await client.CreateAsync(Kinds.AnyTask, BurstTasks.Task(ns, $"rate-{i.ToString(CultureInfo.InvariantCulture)}", auto: false), ns);
        await PatchAsync(client, ns, TimeSpan.FromSeconds(1));
        var rate = await PatchAsync(client, ns, time);
        await client.DeleteCollectionAsync(Kinds.AnyTask, ns);
        return rate;
    }

    private static async Task<double> PatchAsync(KubernetesClient client, string ns, TimeSpan time)
    {
        var (began, done) = (Stopwatch.GetTimestamp(), 0);
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async worker =>
        {
            for (var i = 0; Stopwatch.GetElapsedTime(began) < time; i++)
            {
                var key = new ObjectKey(ns, string.Create(CultureInfo.InvariantCulture, $"rate-{((i * Parallel) + worker) % Objects}"));
                await client.PatchAsync(Kinds.AnyTask, key, Patch.Merge(new JsonObject { ["status"] = Status(i) }), "status");
                Interlocked.Increment(ref done);
            }
        }));
        return done / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    // As large as what a transition writes.
    private static JsonObject Status(int number)
    {
        var at = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        var text = $"planning on pool-abcde/1, try {number.ToString(CultureInfo.InvariantCulture)}";
        var entries = Enumerable.Range(1, 4).Select(seq => (JsonNode)new JsonObject
        {
            ["seq"] = seq,
            ["at"] = at,
            ["from"] = "Pending",
            ["to"] = "Planning",
            ["signal"] = "Assigned",
            ["reason"] = "SlotFound",
            ["message"] = text,
            ["slot"] = "pool-abcde/1",
            ["run"] = 1,
            ["epoch"] = 1,
        });
        var conditions = new[] { "Finished", "Succeeded", "Ready", "Planned", "PlanStored", "SlotReserved", "Approved" }.Select(type => (JsonNode)new JsonObject
        {
            ["type"] = type,
            ["status"] = "Unknown",
            ["reason"] = "SlotFound",
            ["message"] = text,
            ["observedGeneration"] = 1,
            ["lastTransitionTime"] = at[..19] + "Z",
        });
        return new JsonObject
        {
            ["phase"] = "Planning",
            ["reason"] = "SlotFound",
            ["message"] = text,
            ["observedGeneration"] = 1,
            ["history"] = new JsonObject { ["seq"] = 4, ["acknowledged"] = 0, ["entries"] = new JsonArray([.. entries]) },
            ["conditions"] = new JsonArray([.. conditions]),
        };
    }
}
