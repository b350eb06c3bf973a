using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using static Berth.EndToEnd.Matrix.Fate;

namespace Berth.EndToEnd.Matrix;

/// <summary>What can happen to operators and to what they need. None of it may touch a task.</summary>
internal static class OperatorDisasters
{
    private static readonly ObjectKey Lease = new("berth-system", "berth-operator");

    /// <summary>The rows. Columns: Pending, Planning, ApplyPending unapproved, ApplyPending approved, Applying, Run, Stopping, Suspended.</summary>
    public static readonly IReadOnlyList<Row> Rows =
    [
        Unharmed("leader killed", KillLeaderAsync),
        Unharmed("leader deposed", DeposeLeaderAsync),
        Unharmed("leader paused past its lease and woken in the middle of a dispatch", PauseLeaderAsync),
        Unharmed("lease deleted", DeleteLeaseAsync),
        Unharmed("both replicas down", KillBothAsync),
        Unharmed("API server down", StopApiServerAsync),
        Unharmed("PostgreSQL down", StopPostgresAsync, s => s.Stack.Postgres.StartAgainAsync()),
    ];

    private static Row Unharmed(string name, Func<Scene, Task> strike, Func<Scene, Task>? heal = null) =>
        Row.Of(name, strike, heal, Waits, Goes, Kept, Kept, Goes, Goes, Stops, Kept);

    private static async Task KillLeaderAsync(Scene scene)
    {
        BerthStack.Signal(await scene.Stack.LeaderPidAsync(), "KILL");
        await scene.ProbeAsync();
    }

    /// <summary>Somebody else holds the Lease under a higher epoch, says nothing more, and its time runs out.</summary>
    private static async Task DeposeLeaderAsync(Scene scene)
    {
        var old = await scene.Stack.LeaderPidAsync();
        await Scene.Retry(async () =>
        {
            var lease = await scene.Stack.Client.GetAsync(Resources.Leases, Lease);
            await scene.Stack.Client.PatchAsync(Resources.Leases, Lease, Patch.Merge(new JsonObject
            {
                ["spec"] = new JsonObject { ["holderIdentity"] = "somebody-else", ["leaseTransitions"] = (lease.Spec!.LeaseTransitions ?? 0) + 1, ["leaseDurationSeconds"] = 3, ["renewTime"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture) },
            }));
        });
        await UntilGoneAsync(old);
        await scene.ProbeAsync();
    }

    /// <summary>The leader has written an attempt and waits for the Lease before it sends it, when it is stopped. Another one leads when it wakes.</summary>
    private static async Task PauseLeaderAsync(Scene scene)
    {
        var old = await scene.Stack.LeaderPidAsync();
        await scene.Stack.FaultAsync("", new JsonObject { ["action"] = "Delay", ["verb"] = "get", ["resource"] = "leases", ["delayMilliseconds"] = 1500 });
        await scene.CreateProbeAsync("paused");
        await scene.Space.UntilAsync("paused", TaskPhase.Planning);
        BerthStack.Signal(old, "STOP");
        try
        {
            await scene.Stack.ClearFaultsAsync();
            await scene.Space.UntilAsync("paused", TaskPhase.Succeeded);
        }
        finally
        {
            BerthStack.Signal(old, "CONT");
        }
        await UntilGoneAsync(old);
        await scene.ProbeAsync();
    }

    private static async Task DeleteLeaseAsync(Scene scene)
    {
        await scene.Stack.Client.DeleteAsync(Resources.Leases, Lease);
        await scene.ProbeAsync();
    }

    private static async Task KillBothAsync(Scene scene)
    {
        for (var round = 0; round < 2; round++)
        {
            var pids = scene.Stack.OperatorPids();
            foreach (var pid in pids) BerthStack.Signal(pid, "KILL");
            foreach (var pid in pids) await UntilGoneAsync(pid);
        }
        await scene.ProbeAsync();
    }

    /// <summary>For longer than the leader may try to renew.</summary>
    private static async Task StopApiServerAsync(Scene scene)
    {
        await scene.Stack.FaultAsync("restart?downMilliseconds=8000");
        await scene.ProbeAsync();
    }

    private static async Task StopPostgresAsync(Scene scene)
    {
        await scene.Stack.Postgres.StopAsync();
        await scene.ProbeAsync();
    }

    private static async Task UntilGoneAsync(int pid)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; DateTime.UtcNow < end; await Task.Delay(100))
            if (!Directory.Exists($"/proc/{pid}")) return;
        throw new TimeoutException($"operator {pid} still runs");
    }
}
