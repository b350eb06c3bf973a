using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>
/// One run of one piece of work: plan, a person approves, apply. Created, not synced (kubectl create with generateName);
/// what it runs cannot change afterwards.
/// </summary>
/// <remarks>The CLR name avoids <see cref="System.Threading.Tasks.Task"/>; the kind is Task.</remarks>
[KubernetesResource("Task", "tasks", ShortName = "bt")]
[PrinterColumn("Type", ".spec.type")]
[PrinterColumn("Workspace", ".spec.workspace")]
[PrinterColumn("Phase", ".status.phase")]
[PrinterColumn("Reason", ".status.reason")]
[PrinterColumn("Plan", ".status.plan.summary")]
[PrinterColumn("Slot", ".status.slot.name")]
[PrinterColumn("Age", ".metadata.creationTimestamp", Type = "date")]
[PrinterColumn("Pool", ".spec.poolRef.name", Wide = true)]
[PrinterColumn("Attempt", ".status.attempt.id", Wide = true)]
[PrinterColumn("Approved-By", ".status.grant.approver", Wide = true)]
[PrinterColumn("Digest", ".status.plan.digest", Wide = true)]
[PrinterColumn("Message", ".status.message", Wide = true)]
public sealed record TaskResource
{
    /// <summary>Always <c>berth.dev/v1alpha1</c>.</summary>
    public string ApiVersion { get; set; } = Names.ApiVersion;

    /// <summary>Always <c>Task</c>.</summary>
    public string Kind { get; set; } = "Task";

    /// <summary>Object metadata.</summary>
    public ResourceMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>What to run. Everything but desiredState, requeue, priority and ttlAfterFinished is fixed at creation.</summary>
    [RequiredField]
    public TaskSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>What happened so far. Written by the operator only.</summary>
    public TaskStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>Facts about tasks.</summary>
public static class TaskResources
{
    /// <summary>Whether our finalizer is on the object.</summary>
    public static bool IsHeld(this TaskResource task) => task.Metadata.Finalizers?.Contains(Names.TaskFinalizer) == true;

    /// <summary>Over, proved dead and written down: only its own events matter.</summary>
    public static bool IsAtRest(this TaskResource task) => task.Status.Phase.IsTerminal() && !task.IsHeld();
}
