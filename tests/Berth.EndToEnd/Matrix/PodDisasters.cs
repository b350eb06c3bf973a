using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using static Berth.EndToEnd.Matrix.Fate;

namespace Berth.EndToEnd.Matrix;

/// <summary>What can happen to pods, containers, nodes and connections.</summary>
internal static class PodDisasters
{
    /// <summary>The rows. Columns: Pending, Planning, ApplyPending unapproved, ApplyPending approved, Applying, Run, Stopping, Suspended.</summary>
    public static readonly IReadOnlyList<Row> Rows =
    [
        //                                                                             Pending  Planning   Unapproved Approved  Applying     Run          Stopping        Suspended
        Row.Of("pod deleted", s => s.Stack.Client.DeleteAsync(Resources.Pods, s.PodKey()), null, Waits, Replanned, Moved, Moved, Held, Held, Stops, Kept),
        Row.Of("pod evicted", s => On(s, "evict?by=api"), null,                        Waits,   Replanned, Moved,     Moved,    Held,        Held,        Stops,          Kept),
        Row.Of("pod failed", s => On(s, "evict?by=node"), null,                        Waits,   Replanned, Moved,     Moved,    Held,        Held,        Stops,          Kept),
        Row.Of("slot containers restarted in place", RestartSlotsAsync, null,          Waits,   Replanned, Moved,     Moved,    Held,        Held,        Stops,          Kept),
        Row.Of("agent container restarted in place", RestartAgentAsync, null,          Waits,   Goes,      Kept,      Kept,     Goes,        Goes,        Stops,          Kept),
        Row.Of("pod force-deleted, its processes alive", s => On(s, "force-delete?processes=alive"), null, Waits, Goes, Moved, Moved, Goes, Goes, Stops, Kept),
        Row.Of("pod marked Failed by the garbage collector", s => On(s, "fail?processes=alive"), null, Waits, Replanned, Moved, Moved, LateResult, LateResult, Stops, Kept),
        Row.Of("node not ready", SilenceNodeAsync, s => Node(s, "resume"),             Waits,   Goes,      Kept,      Kept,     Goes,        Goes,        Stops,          Kept),
        Row.Of("node gone", s => Node(s, "remove?processes=dead"), null,               Waits,   Replanned, Moved,     Moved,    ConfirmDead, ConfirmDead, StopsConfirmed, Kept).Repaired(s => Node(s, "resume")),
        Row.Of("node out of service", OutOfServiceAsync, null,                         Waits,   Replanned, Moved,     Moved,    Held,        Held,        Stops,          Kept).Repaired(InServiceAsync),
        Row.Of("node back with another boot id", s => Node(s, "reboot"), null,         Waits,   Replanned, Moved,     Moved,    Held,        Held,        Stops,          Kept),
        Row.Of("agent silent", FreezeAgentAsync, s => On(s, $"thaw?container={Names.AgentContainer}"), Waits, Replanned, Moved, Moved, LateResult, LateResult, Stops, Kept),
        Row.Of("agent cut off", CutAgentOffAsync, ConnectAgentAsync,                   Waits,   Replanned, Moved,     Moved,    LateResult,  LateResult,  Stops,          Kept),
    ];

    private const string Nowhere = "127.0.0.1:9";

    private static ObjectKey PodKey(this Scene scene) => new(scene.Space.Name, scene.Pod);

    private static Task On(Scene scene, string command) => scene.Stack.Pods.DoAsync($"admin/pods/{scene.Space.Name}/{scene.Pod}/{command}");

    private static Task Node(Scene scene, string command) => scene.Stack.Pods.DoAsync($"admin/nodes/{scene.Before(Cell.Unapproved).Status.Slot!.Node}/{command}");

    private static async Task RestartSlotsAsync(Scene scene)
    {
        foreach (var cell in new[] { Cell.Planning, Cell.Unapproved, Cell.Approved, Cell.Applying, Cell.Run, Cell.Stopping })
            await On(scene, $"restart?container={Names.SlotContainer(scene.Before(cell).Status.Slot!.Index)}");
    }

    private static async Task RestartAgentAsync(Scene scene)
    {
        await On(scene, $"restart?container={Names.AgentContainer}");
        await scene.ProbeAsync();
    }

    private static async Task SilenceNodeAsync(Scene scene)
    {
        await Node(scene, "silence");
        var end = DateTime.UtcNow + TestSpace.Patience;
        var node = new ObjectKey(scene.Before(Cell.Unapproved).Status.Slot!.Node!);
        while ((await scene.Stack.Client.GetAsync(Resources.Nodes, node)).Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true && DateTime.UtcNow < end) await Task.Delay(200);
        await scene.ProbeAsync();
    }

    /// <summary>The node says nothing more, everything on it is dead, and an administrator says so by the taint.</summary>
    private static async Task OutOfServiceAsync(Scene scene)
    {
        await Node(scene, "silence");
        await On(scene, "kill?signal=9");
        await TaintAsync(scene, new JsonArray(new JsonObject { ["key"] = "node.kubernetes.io/out-of-service", ["value"] = "nodeshutdown", ["effect"] = "NoExecute" }));
    }

    private static async Task InServiceAsync(Scene scene)
    {
        await TaintAsync(scene, null);
        await Node(scene, "resume");
    }

    private static Task TaintAsync(Scene scene, JsonArray? taints) =>
        scene.Stack.Client.PatchAsync(Resources.Nodes, new ObjectKey(scene.Before(Cell.Unapproved).Status.Slot!.Node!), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["taints"] = taints } }));

    private static async Task FreezeAgentAsync(Scene scene)
    {
        await On(scene, $"freeze?container={Names.AgentContainer}");
        await scene.Space.PatchPoolAsync(new JsonObject { ["replicas"] = 2 });
    }

    /// <summary>The agent and its slots run on, but the agent knows no way to any operator: its addresses lead nowhere. A second pod is there.</summary>
    private static async Task CutAgentOffAsync(Scene scene)
    {
        await scene.Space.PatchPoolAsync(new JsonObject { ["replicas"] = 2 });
        await scene.UntilIdleAsync(Scene.Slots);
        await SetAddressesAsync(scene, Nowhere);
        await scene.UntilFileAsync("addresses", Nowhere);
        await On(scene, $"restart?container={Names.AgentContainer}");
    }

    private static Task ConnectAgentAsync(Scene scene) => SetAddressesAsync(scene, scene.Addresses);

    private static Task SetAddressesAsync(Scene scene, string addresses) =>
        scene.Stack.Client.PatchAsync(Resources.ConfigMaps, new ObjectKey(scene.Space.Name, Names.GatewayConfigMap), Patch.Merge(new JsonObject { ["data"] = new JsonObject { ["addresses"] = addresses } }));
}
