using System.Text.Json;
using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>A set of identical, long-lived agent pods, each with warm slots on which tasks run.</summary>
[KubernetesResource("AgentPool", "agentpools", ShortName = "bap", ScaleSpecPath = ".spec.replicas", ScaleStatusPath = ".status.replicas", ScaleSelectorPath = ".status.selector")]
[PrinterColumn("Pods", ".status.replicas", Type = "integer")]
[PrinterColumn("Slots", ".status.slots.total", Type = "integer")]
[PrinterColumn("Running", ".status.slots.running", Type = "integer")]
[PrinterColumn("Reserved", ".status.slots.reserved", Type = "integer")]
[PrinterColumn("Idle", ".status.slots.idle", Type = "integer")]
[PrinterColumn("Ready", ".status.conditions[?(@.type=='Ready')].status")]
[PrinterColumn("Reason", ".status.conditions[?(@.type=='Ready')].reason")]
[PrinterColumn("Age", ".metadata.creationTimestamp", Type = "date")]
[PrinterColumn("Message", ".status.conditions[?(@.type=='Ready')].message", Wide = true)]
public sealed record AgentPoolResource
{
    /// <summary>Always <c>berth.dev/v1alpha1</c>.</summary>
    public string ApiVersion { get; set; } = Names.ApiVersion;

    /// <summary>Always <c>AgentPool</c>.</summary>
    public string Kind { get; set; } = "AgentPool";

    /// <summary>Object metadata.</summary>
    public ResourceMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>How many pods, how they look, and what may run on them.</summary>
    [RequiredField]
    public AgentPoolSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>What is there. Written by the operator only.</summary>
    public AgentPoolStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>Desired pods of a pool.</summary>
public sealed record AgentPoolSpec
{
    /// <summary>Slots in each pod: how many tasks it can hold at once.</summary>
    [Default("3"), Bounds(Minimum = 1, Maximum = 16)]
    public int SlotsPerPod { get; set; } = 3;

    /// <summary>How many slots of one pod may hold work that can change things (PlanAndApply from Planning on, and Run) at once.</summary>
    [Default("1"), Bounds(Minimum = 1, Maximum = 16)]
    public int ApplySlotsPerPod { get; set; } = 1;

    /// <summary>Number of pods. Where it is absent the operator fills it in (1); with autoscaling the operator sets it, and undoes what others write.</summary>
    [Bounds(Minimum = 0, Maximum = 1000)]
    public int? Replicas { get; init; }

    /// <summary>Lets demand set the number of pods. Absent: spec.replicas counts, whoever sets it (kubectl scale, HPA, KEDA).</summary>
    public PoolAutoscaling? Autoscaling { get; init; }

    /// <summary>How many tasks may hold slots of this pool at once.</summary>
    public TaskLimits? Limits { get; init; }

    /// <summary>Times in which nothing is applied or run on this pool; plans go on.</summary>
    [ListMap("name"), Bounds(MaxItems = 16)]
    public IReadOnlyList<FreezeWindow>? FreezeWindows { get; init; }

    /// <summary>How reservations are kept.</summary>
    [Default("{}")]
    public ReservationPolicy Reservation { get; init => field = value ?? new(); } = new();

    /// <summary>How long an agent may be silent before its pod counts as lost.</summary>
    [Default("\"2m\""), Duration]
    public string? AgentLostAfter { get; init; }

    /// <summary>How long running work may go on after its pod was asked to end.</summary>
    [Default("\"1h\""), Duration]
    public string? TerminationGracePeriod { get; init; }

    /// <summary>What tasks of this pool may do; tasks can only be stricter.</summary>
    [Default("{}")]
    public PoolPolicy Policy { get; init => field = value ?? new(); } = new();

    /// <summary>The pod. Its container "task" is stamped once per slot; the rest is kept as it is.</summary>
    [RequiredField, PreserveUnknownFields]
    public JsonElement? Template { get; init; }
}

/// <summary>Keeping of slots for planned tasks.</summary>
public sealed record ReservationPolicy
{
    /// <summary>After this time an unapproved reservation gives its slot up, if its plan is stored; it takes one again on approval.</summary>
    [Default("\"10m\""), Duration]
    public string? HoldFor { get; init; }
}

/// <summary>A floor for the tasks of a pool.</summary>
public sealed record PoolPolicy
{
    /// <summary>Allowed types of tasks; all if empty.</summary>
    [ListSet, Bounds(MaxItems = 3)]
    public IReadOnlyList<TaskType>? Types { get; init; }

    /// <summary>Manual (default): tasks may not approve themselves. Auto: they may, if they ask for it.</summary>
    [Default("\"Manual\"")]
    public ApprovalMode Approval { get; init; }

    /// <summary>Regular expressions of what must not be seen in the output of any task, beside the values of Secrets; see a task's mask.</summary>
    [Bounds(MaxItems = MaskPatterns.Most, MinLength = 1, MaxLength = MaskPatterns.Longest)]
    public IReadOnlyList<string>? Mask { get; init; }

    /// <summary>Approver and requester must differ for every task.</summary>
    [Default("false")]
    public bool DistinctApprover { get; init; }
}

/// <summary>Observed state of a pool; counts are written at most once in ten seconds.</summary>
public sealed record AgentPoolStatus
{
    /// <summary>Generation of the spec this status reflects.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Pods that exist and are not being deleted.</summary>
    public int Replicas { get; init; }

    /// <summary>Serialized label selector of the pods (for the scale subresource).</summary>
    [Bounds(MaxLength = 512)]
    public string? Selector { get; init; }

    /// <summary>What the autoscaler last decided; absent without autoscaling.</summary>
    public ScalingStatus? Scaling { get; init; }

    /// <summary>The value of the annotation berth.dev/rebalance that was last carried out.</summary>
    [Bounds(MaxLength = 64)]
    public string? Rebalanced { get; init; }

    /// <summary>Slots by state.</summary>
    public SlotCounts Slots { get; init => field = value ?? new(); } = new();

    /// <summary>Ready, with a reason when not; ScalingLimited where autoscaling is set.</summary>
    [ListMap("type"), Bounds(MaxItems = 16)]
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];
}

/// <summary>Slots of a pool by state.</summary>
public sealed record SlotCounts
{
    /// <summary>All slots of pods that exist.</summary>
    public int Total { get; init; }

    /// <summary>Ready for work.</summary>
    public int Idle { get; init; }

    /// <summary>A command may be running.</summary>
    public int Running { get; init; }

    /// <summary>Held for a planned task.</summary>
    public int Reserved { get; init; }

    /// <summary>Not to be used: starting, draining, or lost.</summary>
    public int Unavailable { get; init; }
}
