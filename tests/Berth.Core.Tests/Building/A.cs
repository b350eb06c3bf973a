using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Fencing;
using Berth.Core.Tasks;

namespace Berth.Core.Tests.Building;

/// <summary>Words with which cases are written. Every value is fixed, so that a failing case can be read.</summary>
internal static class A
{
    public const string Uid = "11111111-2222-3333-4444-555555555555";
    public static readonly DateTimeOffset T0 = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly string TextDigest = Digests.Of("text");
    public static readonly string ArtifactDigest = Digests.Of("artifact");

    public static TaskResource Task(Func<TaskSpec, TaskSpec>? spec = null, Func<Api.TaskStatus, Api.TaskStatus>? status = null)
    {
        var basis = new TaskSpec
        {
            PoolRef = new PoolReference { Name = "pool" },
            Workspace = "net",
            Plan = new PlanStep { Command = ["plan"], Artifacts = ["plan.out"] },
            Apply = new ApplyStep { Command = ["apply"] },
        };
        return new TaskResource
        {
            Metadata = new ResourceMeta { Name = "t", Namespace = "ns", Uid = Uid, ResourceVersion = "1", Generation = 1, CreationTimestamp = T0, Finalizers = [Names.TaskFinalizer] },
            Spec = spec is null ? basis : spec(basis),
            Status = status is null ? new Api.TaskStatus() : status(new Api.TaskStatus { QueuedAt = T0, PhaseSince = T0 }),
        };
    }

    public static TaskObserved Seen(TaskResource task, Func<TaskObserved, TaskObserved>? with = null)
    {
        var seen = new TaskObserved
        {
            Task = task,
            Now = T0.AddMinutes(1),
            Leader = new LeaderFacts("leader-a", 7, T0.AddHours(-1)),
            Pool = new PoolFacts { Spec = new AgentPoolSpec() },
            Proof = new ApprovalProof(true, T0.AddHours(-2), ""),
        };
        return with is null ? seen : with(seen);
    }

    public static SlotOffer Offer(string pod = "pod-a", int index = 0) =>
        new() { Pod = pod, PodUid = $"uid-{pod}", Index = index, Node = "node-1", NodeBootId = "boot-1", RunnerBoot = 3 };

    public static InputsStatus Inputs() => new() { SpecHash = "sha256:spec", ImageId = "image-1", TemplateHash = "sha256:template" };

    public static PodFacts Pod(string name = "pod-a", Func<PodFacts, PodFacts>? with = null)
    {
        var pod = new PodFacts { Name = name, Uid = $"uid-{name}", Exists = true, Node = "node-1", NodeBootId = "boot-1" };
        return with is null ? pod : with(pod);
    }

    public static AgentFacts Agent(params AgentAttempt[] attempts) => new()
    {
        Connected = true,
        Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 3, null, null, null) },
        Attempts = attempts.ToDictionary(a => a.Id),
    };

    /// <summary>An agent whose slot 0 keeps the directory of a plan attempt.</summary>
    public static AgentFacts AgentWith(string directory, params AgentAttempt[] attempts) =>
        Agent(attempts) with { Slots = new Dictionary<int, AgentSlot> { [0] = new(0, true, 3, null, directory, Uid) } };

    public static AgentAttempt Running(string id) => new() { Id = id, MayRun = true, StartedAt = T0 };

    public static AgentAttempt Ended(string id, EndKind kind = EndKind.Succeeded, int exitCode = 0, PlanStatus? plan = null) =>
        new() { Id = id, StartedAt = T0, End = new AttemptEnd { Kind = kind, ExitCode = exitCode, At = T0.AddSeconds(30), Plan = plan } };

    public static PlanStatus Made(string? semantic = null) => new()
    {
        Counts = new PlanCounts { Add = 1 },
        TextDigest = TextDigest,
        SemanticDigest = semantic,
        Artifacts = [new FileDigest { Path = "plan.out", Digest = ArtifactDigest, Size = 8 }],
    };

    /// <summary>A task in ApplyPending on pod-a/0 whose plan is attempt 1.</summary>
    public static TaskResource Reserved(bool stored = true, Func<TaskSpec, TaskSpec>? spec = null, Func<Api.TaskStatus, Api.TaskStatus>? status = null) => Task(spec, s =>
    {
        var shaped = s with
        {
            Phase = TaskPhase.ApplyPending,
            Reason = Reasons.AwaitingApproval,
            Attempts = 1,
            Attempt = Attempt(1, AttemptKind.Plan) with { EndedAt = T0.AddSeconds(30), Outcome = "Succeeded", ExitCode = 0 },
            Slot = new SlotStatus { Name = "pod-a/0", Pod = "pod-a", PodUid = "uid-pod-a", Index = 0, Node = "node-1", Since = T0.AddSeconds(30), Warm = true },
            Inputs = Inputs(),
        };
        var made = Made("sha256:meaning") with { Attempt = $"{Uid}-1", Summary = "+1 ~0 -0", At = T0.AddSeconds(30), Stored = stored };
        var bare = Task(spec, _ => shaped);
        var manifest = Manifests.Of(bare, 1, Inputs(), made);
        shaped = shaped with { Plan = made with { Digest = manifest.Digest(), SemanticDigest = Manifests.Meaning(manifest, made.SemanticDigest) } };
        return status is null ? shaped : status(shaped);
    });

    /// <summary>What a plan means that its describer calls so, for an apply of the usual task and inputs.</summary>
    public static string? Meaning(string described) => Manifests.Meaning(Manifests.Of(Task(), 1, Inputs(), new PlanStatus()), described);

    public static AttemptStatus Attempt(int number, AttemptKind kind) => new()
    {
        Id = $"{Uid}-{number}",
        Kind = kind,
        Run = 1,
        Pod = "pod-a",
        PodUid = "uid-pod-a",
        Slot = 0,
        Node = "node-1",
        NodeBootId = "boot-1",
        RunnerBoot = 3,
        Epoch = 7,
        Leader = "leader-a",
        OrderedAt = T0,
    };

    public static GrantStatus Grant(TaskResource task) => new()
    {
        Approval = "ok",
        ApprovalUid = "uid-ok",
        Approver = "alice",
        ApprovedDigest = task.Status.Plan!.Digest,
        RunDigest = task.Status.Plan.Digest,
        SemanticDigest = task.Status.Plan.SemanticDigest,
        Basis = GrantBasis.Exact,
        At = T0.AddSeconds(40),
        ValidUntil = T0.AddHours(24),
    };

    /// <summary>A task that is Applying as attempt 2, its grant spent.</summary>
    public static TaskResource Applying(Func<TaskSpec, TaskSpec>? spec = null)
    {
        var reserved = Reserved(spec: spec);
        return reserved with
        {
            Status = reserved.Status with { Phase = TaskPhase.Applying, Reason = Reasons.Applying, Attempts = 2, Attempt = Attempt(2, AttemptKind.Apply), Grant = Grant(reserved) with { SpentBy = $"{Uid}-2" } },
        };
    }

    public static ApprovalResource Approval(TaskResource task, ApprovalDecision decision = ApprovalDecision.Approve, string name = "ok", Func<ApprovalSpec, ApprovalSpec>? spec = null, DateTimeOffset? at = null)
    {
        var basis = new ApprovalSpec
        {
            TaskRef = new TaskReference { Name = task.Metadata.Name, Uid = task.Metadata.Uid },
            Run = task.Status.Run,
            Workspace = task.Spec.Workspace,
            Digest = task.Status.Plan?.Digest,
            Attempt = decision is ApprovalDecision.Approve or ApprovalDecision.Reject ? null : task.Status.Attempt?.Id,
            Decision = decision,
            Approver = "alice",
        };
        return new ApprovalResource
        {
            Metadata = new ResourceMeta { Name = name, Namespace = "ns", Uid = $"uid-{name}", CreationTimestamp = at ?? T0.AddSeconds(50) },
            Spec = spec is null ? basis : spec(basis),
        };
    }
}
