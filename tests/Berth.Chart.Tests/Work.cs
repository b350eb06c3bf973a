using System.Text.Json.Nodes;

namespace Berth.Chart.Tests;

/// <summary>Resources that the tests create.</summary>
internal static class Work
{
    public static string Pool(string name = "pool", int slots = 1, int applySlots = 1, string security = "") => $$"""
        apiVersion: berth.dev/v1alpha1
        kind: AgentPool
        metadata: {name: {{name}}}
        spec:
          replicas: 1
          slotsPerPod: {{slots}}
          applySlotsPerPod: {{applySlots}}
          terminationGracePeriod: 5s
          template: {spec: {{{security}}containers: [{name: task, image: "example.org/x:1"}]} }
        """;

    public static string Task(string name, string requester, string workspace = "network", string apply = "cat plan.out", string more = "") => $$"""
        apiVersion: berth.dev/v1alpha1
        kind: Task
        metadata: {name: {{name}}}
        spec:
          poolRef: {name: pool}
          workspace: {{workspace}}
          requestedBy: {{requester}}
          plan: {command: [sh, -c, "echo change > plan.out; cat plan.out"], artifacts: [plan.out], describe: Text{{more}} }
          apply: {command: [sh, -c, "{{apply}}"] }
        """;

    public static string Run(string name, string workspace, string command, string more = "", string ttl = "24h") => $$"""
        apiVersion: berth.dev/v1alpha1
        kind: Task
        metadata: {name: {{name}}}
        spec:
          poolRef: {name: pool}
          type: Run
          workspace: {{workspace}}
          ttlAfterFinished: {{ttl}}
          run: {command: [sh, -c, "{{command}}"]{{more}} }
        """;

    public static string Approval(string approver, string task = "t", string uid = "0", string? digest = null, string workspace = "network") => $$"""
        apiVersion: berth.dev/v1alpha1
        kind: Approval
        metadata: {generateName: ap-}
        spec: {taskRef: {name: {{task}}, uid: "{{uid}}"}, run: 1, workspace: {{workspace}}, digest: "{{digest ?? "sha256:" + new string('0', 64)}}", decision: Approve, approver: "{{approver}}"}
        """;

    public static string Approval(string approver, JsonNode task) => Approval(
        approver, (string)task["metadata"]!["name"]!, (string)task["metadata"]!["uid"]!, (string)task["status"]!["plan"]!["digest"]!, (string)task["spec"]!["workspace"]!);
}
