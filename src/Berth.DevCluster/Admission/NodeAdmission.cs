using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Admission;

/// <summary>A new node takes no pods until it has said that it is ready.</summary>
internal static class NodeAdmission
{
    private const string NotReady = "node.kubernetes.io/not-ready";

    public static void Admit(AdmissionRequest request)
    {
        if (request.Target.Resource is not { Group: "", Plural: "nodes" } || request.Operation != "CREATE") return;
        var taints = request.Object!.Ensure("spec").EnsureArray("taints");
        if (taints.OfType<JsonObject>().Any(t => t.Text("key") == NotReady && t.Text("effect") == "NoSchedule")) return;
        taints.Add((JsonNode)new JsonObject { ["key"] = NotReady, ["effect"] = "NoSchedule" });
    }
}
