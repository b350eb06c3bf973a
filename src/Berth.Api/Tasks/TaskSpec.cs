using System.Text.Json.Serialization;
using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>What a task does.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TaskType>))]
public enum TaskType
{
    /// <summary>Plan, wait for an approval, apply.</summary>
    PlanAndApply,

    /// <summary>Plan only; nothing is applied and nobody is asked.</summary>
    Plan,

    /// <summary>One command, without plan and approval.</summary>
    Run,
}

/// <summary>What the user wants the task to do.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DesiredState>))]
public enum DesiredState
{
    /// <summary>Make progress.</summary>
    Running,

    /// <summary>Hold still: at once in waiting phases, at the next safe point while something runs.</summary>
    Suspended,

    /// <summary>End it: TERM, grace, KILL. Sticky: writing Running back does not undo it.</summary>
    Stopped,
}

/// <summary>Desired behaviour of a task.</summary>
[Rule("self.type != 'PlanAndApply' || (has(self.plan) && has(self.apply) && !has(self.run))", "type PlanAndApply needs plan and apply, and no run")]
[Rule("self.type != 'Plan' || (has(self.plan) && !has(self.apply) && !has(self.run))", "type Plan needs plan, and neither apply nor run")]
[Rule("self.type != 'Run' || (has(self.run) && !has(self.plan) && !has(self.apply))", "type Run needs run, and neither plan nor apply")]
[Rule("self.type == 'PlanAndApply' || !has(self.approval)", "approval belongs to type PlanAndApply only")]
[Rule("!has(self.resumeFrom) || has(self.checkpoint)", "resumeFrom needs checkpoint")]
[Rule("!has(oldSelf.requeue) || (has(self.requeue) && self.requeue >= oldSelf.requeue)", "requeue only grows; add one to run the task again")]
public sealed record TaskSpec
{
    /// <summary>The pool whose slots run this task; in the task's own namespace.</summary>
    [RequiredField, Immutable]
    public PoolReference PoolRef { get; init => field = value ?? new(); } = new();

    /// <summary>PlanAndApply, Plan or Run.</summary>
    [Default("\"PlanAndApply\""), Immutable]
    public TaskType Type { get; init; }

    /// <summary>What the task changes, e.g. the name of a Terraform state. At most one task per workspace may be able to change it at a time.</summary>
    [RequiredField, Immutable, Bounds(MinLength = 1, MaxLength = 63), Pattern("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    public string Workspace { get; init => field = value ?? ""; } = "";

    /// <summary>Higher runs first among waiting tasks of a pool. May be changed while waiting.</summary>
    [Default("0"), Bounds(Minimum = -1_000_000, Maximum = 1_000_000)]
    public int Priority { get; init; }

    /// <summary>Whether this task discards an older task's plan of the same workspace that nobody has approved yet, instead of waiting behind it.</summary>
    [Immutable]
    public bool? Supersede { get; init; }

    /// <summary>Who asks for this task. If set it must be the name of the user who creates it; needed where approver and requester must differ.</summary>
    [Immutable, Bounds(MaxLength = 253)]
    public string? RequestedBy { get; init; }

    /// <summary>Files that are put into the working directory before anything runs.</summary>
    [Immutable]
    public TaskSource? Source { get; init; }

    /// <summary>Runs before plan, and again on any new slot, e.g. terraform init.</summary>
    [Immutable]
    public PrepareStep? Prepare { get; init; }

    /// <summary>Finds out what would change, and writes the artifacts that apply consumes.</summary>
    [Immutable]
    public PlanStep? Plan { get; init; }

    /// <summary>Makes the approved change, from the stored plan artifacts.</summary>
    [Immutable]
    public ApplyStep? Apply { get; init; }

    /// <summary>The command of type Run.</summary>
    [Immutable]
    public RunStep? Run { get; init; }

    /// <summary>Who has to agree before apply, and for how long that holds.</summary>
    [Immutable]
    public ApprovalPolicy? Approval { get; init; }

    /// <summary>How failing commands are tried again.</summary>
    [Default("{}"), Immutable]
    public RetryPolicy Retry { get; init => field = value ?? new(); } = new();

    /// <summary>What happens when the pod under the task vanishes.</summary>
    [Default("{}"), Immutable]
    public RecoveryPolicy Recovery { get; init => field = value ?? new(); } = new();

    /// <summary>When to say that a running command seems stuck, and what to do then.</summary>
    [Default("{}"), Immutable]
    public StuckPolicy Stuck { get; init => field = value ?? new(); } = new();

    /// <summary>Saves what the command of plan or run keeps in $BERTH_CHECKPOINT_DIR, and gives it to the next attempt. Off unless set; apply has none, because it runs with approved bytes alone.</summary>
    [Immutable]
    public CheckpointPolicy? Checkpoint { get; init; }

    /// <summary>Where a run begins that has no checkpoint of its own yet: a name from <c>berth checkpoints list</c> (attempt, dash, number), or latest. Set it together with requeue; without it a new run begins from scratch.</summary>
    [Bounds(MaxLength = 32), Pattern("^(latest|[0-9]+-[0-9]+)$")]
    public string? ResumeFrom { get; init; }

    /// <summary>Regular expressions of what must not be seen in output, beside the values of Secrets: e.g. <c>AKIA[A-Z0-9]{16}</c>. Held against each line; no look-around, no back-references, ASCII only. The pool's policy.mask counts besides.</summary>
    [Immutable, Bounds(MaxItems = MaskPatterns.Most, MinLength = 1, MaxLength = MaskPatterns.Longest)]
    public IReadOnlyList<string>? Mask { get; init; }

    /// <summary>Running, Suspended or Stopped. Stopped is final until a requeue.</summary>
    [Default("\"Running\"")]
    public DesiredState DesiredState { get; init; }

    /// <summary>Raise it by one to run a finished task again: a new run with a new plan and a new approval. Raised while the task still goes on it is ignored (Event RequeueIgnored). Never lower it.</summary>
    [Bounds(Minimum = 0, Maximum = 1_000_000)]
    public long? Requeue { get; init; }

    /// <summary>How long a finished task stays in the cluster; history stays in the database. Without it the task stays until it is deleted.</summary>
    [Duration]
    public string? TtlAfterFinished { get; init; }
}

/// <summary>Names a pool in the same namespace.</summary>
public sealed record PoolReference
{
    /// <summary>Name of an AgentPool.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 63)]
    public string Name { get; init => field = value ?? ""; } = "";
}

/// <summary>Where the files come from: exactly one of them.</summary>
[Rule("[has(self.configMapRef), has(self.inline)].exists_one(x, x)", "source needs exactly one of configMapRef and inline")]
public sealed record TaskSource
{
    /// <summary>Each key of a ConfigMap in the task's namespace becomes a file.</summary>
    public ConfigMapSource? ConfigMapRef { get; init; }

    /// <summary>Files written here, at most 256 KiB together.</summary>
    public InlineSource? Inline { get; init; }
}

/// <summary>Names a ConfigMap in the same namespace.</summary>
public sealed record ConfigMapSource
{
    /// <summary>Name of the ConfigMap.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 253)]
    public string Name { get; init => field = value ?? ""; } = "";
}

/// <summary>Files by relative path.</summary>
public sealed record InlineSource
{
    /// <summary>Relative path (no leading slash, no <c>..</c>) to content.</summary>
    [RequiredField, Bounds(MaxProperties = 64, MaxLength = 262_144)]
    public IReadOnlyDictionary<string, string> Files { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();
}
