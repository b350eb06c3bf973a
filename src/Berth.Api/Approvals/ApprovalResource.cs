using System.Text.Json.Serialization;
using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>What a person decides.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApprovalDecision>))]
public enum ApprovalDecision
{
    /// <summary>Apply the plan with this digest.</summary>
    Approve,

    /// <summary>Do not apply it; the task ends.</summary>
    Reject,

    /// <summary>I have made sure that the processes of this attempt are dead.</summary>
    ConfirmDead,

    /// <summary>The lost attempt did its work; the task has succeeded.</summary>
    MarkSucceeded,

    /// <summary>The lost attempt failed; the task has failed.</summary>
    MarkFailed,

    /// <summary>Plan again after a lost attempt.</summary>
    Replan,
}

/// <summary>A person's decision about one task, for one run and one plan. It gets one verdict, in condition Accepted.</summary>
[KubernetesResource("Approval", "approvals", ShortName = "bapr")]
[PrinterColumn("Task", ".spec.taskRef.name")]
[PrinterColumn("Decision", ".spec.decision")]
[PrinterColumn("Approver", ".spec.approver")]
[PrinterColumn("Accepted", ".status.conditions[?(@.type=='Accepted')].reason")]
[PrinterColumn("Age", ".metadata.creationTimestamp", Type = "date")]
[PrinterColumn("Digest", ".spec.digest", Wide = true)]
[PrinterColumn("Message", ".status.conditions[?(@.type=='Accepted')].message", Wide = true)]
public sealed record ApprovalResource
{
    /// <summary>Always <c>berth.dev/v1alpha1</c>.</summary>
    public string ApiVersion { get; set; } = Names.ApiVersion;

    /// <summary>Always <c>Approval</c>.</summary>
    public string Kind { get; set; } = "Approval";

    /// <summary>Object metadata.</summary>
    public ResourceMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>The decision. It cannot be changed; decide again with another Approval.</summary>
    [RequiredField]
    public ApprovalSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>The operator's verdict.</summary>
    public ApprovalStatus Status { get; init => field = value ?? new(); } = new();
}

/// <summary>A decision.</summary>
[Rule("self == oldSelf", "an Approval cannot be changed; create another one")]
[Rule("!(self.decision in ['Approve', 'Reject']) || has(self.digest)", "Approve and Reject need digest: the one that kubectl get bt -o wide shows")]
[Rule("self.decision in ['Approve', 'Reject'] || has(self.attempt)", "this decision needs attempt: the id in the task's status.loss.attempt")]
public sealed record ApprovalSpec
{
    /// <summary>The task, by name and uid, so that a new task of the same name is not meant.</summary>
    [RequiredField]
    public TaskReference TaskRef { get; init => field = value ?? new(); } = new();

    /// <summary>The task's status.run.</summary>
    [RequiredField, Bounds(Minimum = 1, Maximum = 1_000_000)]
    public int Run { get; init; }

    /// <summary>The lost attempt (ConfirmDead, MarkSucceeded, MarkFailed, Replan).</summary>
    [Bounds(MaxLength = 80)]
    public string? Attempt { get; init; }

    /// <summary>The task's workspace; it must match, because the right to approve is given by workspace.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 63)]
    public string Workspace { get; init => field = value ?? ""; } = "";

    /// <summary>The task's status.plan.digest (Approve, Reject).</summary>
    [Pattern(Digests.Pattern), Bounds(MaxLength = 71)]
    public string? Digest { get; init; }

    /// <summary>Approve, Reject, ConfirmDead, MarkSucceeded, MarkFailed or Replan.</summary>
    [RequiredField]
    public ApprovalDecision Decision { get; init; }

    /// <summary>Your own user name; the cluster refuses any other.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 253)]
    public string Approver { get; init => field = value ?? ""; } = "";

    /// <summary>Why.</summary>
    [Bounds(MaxLength = 1024)]
    public string? Comment { get; init; }
}

/// <summary>Names a task.</summary>
public sealed record TaskReference
{
    /// <summary>Name.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 63)]
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Uid.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 64)]
    public string Uid { get; init => field = value ?? ""; } = "";
}

/// <summary>The operator's verdict on an Approval.</summary>
public sealed record ApprovalStatus
{
    /// <summary>Accepted, with one final reason: Accepted, Superseded, WrongDigest, WrongRun, TooLate, NotWaiting, Conflict, NotAllowed.</summary>
    [ListMap("type"), Bounds(MaxItems = 4)]
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];
}
