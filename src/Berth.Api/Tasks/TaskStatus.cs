using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Observed state of a task, and the only record of its reservation, attempt, grant and unwritten history.</summary>
public sealed record TaskStatus
{
    /// <summary>Generation of the spec this status reflects.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Where the task stands.</summary>
    public TaskPhase Phase { get; init; }

    /// <summary>Stable reason for the phase, or for what it waits for.</summary>
    [Bounds(MaxLength = 128)]
    public string? Reason { get; init; }

    /// <summary>What it waits for, or what happened, and what to type.</summary>
    [Bounds(MaxLength = 2048)]
    public string? Message { get; init; }

    /// <summary>Number of the current run; a requeue raises it.</summary>
    public int Run { get; set; } = 1;

    /// <summary>The value of spec.requeue that was acted on.</summary>
    public long ObservedRequeue { get; init; }

    /// <summary>The value of the annotation berth.dev/checkpoint that was acted on: each value asks for one checkpoint.</summary>
    [Bounds(MaxLength = 64)]
    public string? Checkpointed { get; init; }

    /// <summary>When this run entered the queue; decides the order among equal priorities.</summary>
    public DateTimeOffset? QueuedAt { get; init; }

    /// <summary>When the first attempt of this run was ordered.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the task became terminal.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When this phase was entered.</summary>
    public DateTimeOffset? PhaseSince { get; init; }

    /// <summary>Nothing is started before this moment (a pause between tries).</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The slot that is held for the task, if any.</summary>
    public SlotStatus? Slot { get; init; }

    /// <summary>The latest attempt.</summary>
    public AttemptStatus? Attempt { get; init; }

    /// <summary>How many attempts were ever written for this task; never reset, so that attempt ids are unique.</summary>
    public int Attempts { get; init; }

    /// <summary>How many of them belong to earlier runs.</summary>
    public int AttemptsBefore { get; init; }

    /// <summary>Failed commands since the last progress of this run.</summary>
    public int Failures { get; init; }

    /// <summary>Losses that sent this run back to planning.</summary>
    public int Resets { get; init; }

    /// <summary>All losses of this run, excused ones included.</summary>
    public int Losses { get; init; }

    /// <summary>When a loss was last excused because it was part of one event that took many pods.</summary>
    public DateTimeOffset? ExcusedAt { get; init; }

    /// <summary>What plan and apply run with, snapshotted when the plan is ordered.</summary>
    public InputsStatus? Inputs { get; init; }

    /// <summary>The plan, once there is one.</summary>
    public PlanStatus? Plan { get; init; }

    /// <summary>The approval that was accepted for this run, if any.</summary>
    public GrantStatus? Grant { get; init; }

    /// <summary>Facts that outlive the phase: a lost apply, a stop under way.</summary>
    public LossStatus? Loss { get; init; }

    /// <summary>The latest decision of a person other than a grant: a rejection, or a word on a lost attempt.</summary>
    public ResolutionStatus? Resolution { get; init; }

    /// <summary>Where a stop was asked for; sticky.</summary>
    public DateTimeOffset? StopRequestedAt { get; init; }

    /// <summary>Who or what asked for the stop.</summary>
    [Bounds(MaxLength = 253)]
    public string? StopRequestedBy { get; init; }

    /// <summary>Conditions: Finished, Succeeded, Ready, Planned, PlanStored, SlotReserved, Approved, Suspended, Stalled.</summary>
    [ListMap("type"), Bounds(MaxItems = 16)]
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];

    /// <summary>Transitions on their way to the database.</summary>
    public OutboxStatus History { get; init => field = value ?? new(); } = new();
}

/// <summary>A slot held for a task.</summary>
public sealed record SlotStatus
{
    /// <summary>Pod and index as people write it: <c>pod-a/0</c>.</summary>
    [Bounds(MaxLength = 300)]
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Pod name.</summary>
    [Bounds(MaxLength = 253)]
    public string Pod { get; init => field = value ?? ""; } = "";

    /// <summary>Pod uid.</summary>
    [Bounds(MaxLength = 64)]
    public string PodUid { get; init => field = value ?? ""; } = "";

    /// <summary>Index of the slot in the pod.</summary>
    public int Index { get; init; }

    /// <summary>Node the pod runs on.</summary>
    [Bounds(MaxLength = 253)]
    public string? Node { get; init; }

    /// <summary>Since when it is held.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Whether the working directory there belongs to the current plan (false while a restore is still under way).</summary>
    public bool Warm { get; init; }
}

/// <summary>One try at one phase. Written before it is sent; its id is never used again.</summary>
public sealed record AttemptStatus
{
    /// <summary>Unique id: task uid, dash, number.</summary>
    [RequiredField, Bounds(MaxLength = 80)]
    public string Id { get; init => field = value ?? ""; } = "";

    /// <summary>Plan, Restore, Apply or Run.</summary>
    public AttemptKind Kind { get; init; }

    /// <summary>The task's run it belongs to.</summary>
    public int Run { get; init; }

    /// <summary>Pod name.</summary>
    [Bounds(MaxLength = 253)]
    public string Pod { get; init => field = value ?? ""; } = "";

    /// <summary>Pod uid.</summary>
    [Bounds(MaxLength = 64)]
    public string PodUid { get; init => field = value ?? ""; } = "";

    /// <summary>Index of the slot.</summary>
    public int Slot { get; init; }

    /// <summary>Node.</summary>
    [Bounds(MaxLength = 253)]
    public string? Node { get; init; }

    /// <summary>Boot id of the node as the agent reported it; another boot id later proves the attempt dead.</summary>
    [Bounds(MaxLength = 64)]
    public string? NodeBootId { get; init; }

    /// <summary>Boot number of the slot's runner in the agent's journal when the attempt was ordered.</summary>
    public long RunnerBoot { get; init; }

    /// <summary>Epoch of the leader that wrote it; that leader alone sends it.</summary>
    public long Epoch { get; init; }

    /// <summary>Identity of the leader that wrote it.</summary>
    [Bounds(MaxLength = 300)]
    public string? Leader { get; init; }

    /// <summary>When it was written here.</summary>
    public DateTimeOffset OrderedAt { get; init; }

    /// <summary>When the agent said that it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When its end became known.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Exit code, if the command ended by itself.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Outcome in one word: Succeeded, Failed, TimedOut, Stopped, Refused, Lost.</summary>
    [Bounds(MaxLength = 32)]
    public string? Outcome { get; init; }

    /// <summary>What proved it dead, if it did not report its own end.</summary>
    [Bounds(MaxLength = 64)]
    public string? FencedBy { get; init; }

    /// <summary>Processor time of all its processes in milliseconds, as measured in its slot.</summary>
    public long? CpuMilliseconds { get; init; }

    /// <summary>The most memory that one of its processes had resident, in KiB, as measured in its slot. Absent where it was less than what the slot's runner has itself, some 40 MiB.</summary>
    public long? MaxMemoryKiB { get; init; }
}

/// <summary>A decision of a person that is no grant.</summary>
public sealed record ResolutionStatus
{
    /// <summary>Name of the Approval.</summary>
    [Bounds(MaxLength = 253)]
    public string Approval { get; init => field = value ?? ""; } = "";

    /// <summary>Uid of the Approval.</summary>
    [Bounds(MaxLength = 64)]
    public string ApprovalUid { get; init => field = value ?? ""; } = "";

    /// <summary>Who decided.</summary>
    [Bounds(MaxLength = 253)]
    public string Approver { get; init => field = value ?? ""; } = "";

    /// <summary>What was decided.</summary>
    public ApprovalDecision Decision { get; init; }

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>What is known about a lost apply or run.</summary>
public sealed record LossStatus
{
    /// <summary>The attempt that was lost.</summary>
    [Bounds(MaxLength = 80)]
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>When the loss was recorded.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Why it counts as lost.</summary>
    [Bounds(MaxLength = 512)]
    public string Cause { get; init => field = value ?? ""; } = "";

    /// <summary>Whether its processes are proved dead.</summary>
    public bool Fenced { get; init; }
}
