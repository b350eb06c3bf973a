using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Tables;

/// <summary>Nodes as kubectl prints them.</summary>
internal static class NodePrinter
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static readonly Printer Printer = new(
    [
        BuiltinPrinters.Column("Status"), BuiltinPrinters.Column("Roles"), Printers.AgeColumn, BuiltinPrinters.Column("Version"),
        BuiltinPrinters.Column("Internal-IP", priority: 1), BuiltinPrinters.Column("External-IP", priority: 1), BuiltinPrinters.Column("OS-Image", priority: 1),
        BuiltinPrinters.Column("Kernel-Version", priority: 1), BuiltinPrinters.Column("Container-Runtime", priority: 1),
    ], Cells);

    private static IEnumerable<JsonNode?> Cells(JsonObject node, TimeProvider time)
    {
        var ready = node.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "Ready");
        var status = ready is null ? "Unknown" : ready.Text("status") == "True" ? "Ready" : "NotReady";
        if (node.Flag("spec", "unschedulable") == true) status += ",SchedulingDisabled";
        var roles = (node.Object("metadata", "labels") ?? []).Where(l => l.Key.StartsWith(RolePrefix, StringComparison.Ordinal)).Select(l => l.Key[RolePrefix.Length..]).ToList();
        string Address(string type) => node.Objects("status", "addresses").FirstOrDefault(a => a.Text("type") == type).Text("address") ?? "<none>";
        string Info(string field) => node.Text("status", "nodeInfo", field) is { Length: > 0 } text ? text : "<unknown>";
        return
        [
            status, roles.Count == 0 ? "<none>" : string.Join(",", roles), Age.Since(node.Text("metadata", "creationTimestamp"), time), node.TextOr("", "status", "nodeInfo", "kubeletVersion"),
            Address("InternalIP"), Address("ExternalIP"), Info("osImage"), Info("kernelVersion"), Info("containerRuntimeVersion"),
        ];
    }
}
