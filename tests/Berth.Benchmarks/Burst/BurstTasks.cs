using System.Text.Json.Nodes;
using Berth.Api;

namespace Berth.Benchmarks.Burst;

/// <summary>The tasks of a burst.</summary>
internal static class BurstTasks
{
    public static JsonObject Task(string ns, string name, bool auto)
    {
        var spec = new JsonObject
        {
            ["poolRef"] = new JsonObject { ["name"] = "pool" },
            ["workspace"] = name,
            ["plan"] = new JsonObject { ["command"] = new JsonArray("sh", "-c", "echo plan > plan.out"), ["artifacts"] = new JsonArray("plan.out") },
            ["apply"] = new JsonObject { ["command"] = new JsonArray("cat", "plan.out") },
        };
        if (auto) spec["approval"] = new JsonObject { ["mode"] = "Auto" };
        return new JsonObject { ["apiVersion"] = Names.ApiVersion, ["kind"] = "Task", ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = ns }, ["spec"] = spec };
    }

    public static ApprovalResource Approval(TaskResource task, string approver) => new()
    {
        Metadata = new ResourceMeta
        {
            GenerateName = task.Metadata.Name + "-",
            Namespace = task.Metadata.Namespace,
            // As the CLI does: the creator makes the task its owner.
            OwnerReferences = [new OwnerReference { ApiVersion = Names.ApiVersion, Kind = "Task", Name = task.Metadata.Name, Uid = task.Metadata.Uid }],
        },
        Spec = new ApprovalSpec
        {
            TaskRef = new TaskReference { Name = task.Metadata.Name, Uid = task.Metadata.Uid },
            Run = task.Status.Run,
            Workspace = task.Spec.Workspace,
            Decision = ApprovalDecision.Approve,
            Digest = task.Status.Plan!.Digest,
            Approver = approver,
        },
    };
}
