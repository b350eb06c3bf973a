using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Tasks;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Approvals;

/// <summary>An approval survives a new plan only where the plan says the same and apply would run with the same.</summary>
public sealed class CarryOverTests
{
    public static TheoryData<string, Func<InputsStatus, InputsStatus>, bool> Inputs => new()
    {
        { "nothing changed", i => i, true },
        { "another image", i => i with { ImageId = "image-2" }, false },
        { "another pod template", i => i with { TemplateHash = "sha256:other" }, false },
        { "another service account", i => i with { ServiceAccount = "admin" }, false },
        { "other source files", i => i with { SourceDigest = "sha256:other", Files = [new FileDigest { Path = "main.tf", Digest = A.TextDigest, Size = 4 }] }, false },
        { "another ConfigMap value of apply", i => i with { Variables = [new ResolvedVariable { Step = "apply", Name = "REGION", Value = "eu" }] }, false },
        { "another ConfigMap value of plan, which the plan shows", i => i with { Variables = [new ResolvedVariable { Step = "plan", Name = "REGION", Value = "eu" }] }, true },
    };

    [Theory, MemberData(nameof(Inputs))]
    public void What_apply_runs_with_has_to_be_the_same_too(string what, Func<InputsStatus, InputsStatus> change, bool kept)
    {
        var planned = Replanned(Approved(), change(A.Inputs()), A.Made("sha256:meaning"));
        Assert.True(kept == planned.Status.Grant is { Basis: GrantBasis.Semantic }, what);
    }

    [Fact]
    public void Another_version_of_a_tool_asks_again() =>
        Assert.Null(Replanned(Approved(), A.Inputs(), A.Made("sha256:meaning") with { ToolVersions = new Dictionary<string, string> { ["terraform"] = "9" } }).Status.Grant);

    [Fact]
    public void Other_bytes_and_another_text_of_the_same_meaning_do_not()
    {
        var made = A.Made("sha256:meaning") with { TextDigest = Digests.Of("other words"), Artifacts = [new FileDigest { Path = "plan.out", Digest = Digests.Of("other bytes"), Size = 8 }] };
        var planned = Replanned(Approved(), A.Inputs(), made).Status;
        Assert.Equal((GrantBasis.Semantic, planned.Plan!.Digest), (planned.Grant!.Basis, planned.Grant.RunDigest));
        Assert.NotEqual(planned.Grant.ApprovedDigest, planned.Grant.RunDigest);
    }

    [Fact]
    public void It_lives_no_longer_for_being_carried_over()
    {
        var approved = Approved();
        Assert.Equal(approved.Status.Grant!.ValidUntil, Replanned(approved, A.Inputs(), A.Made("sha256:meaning")).Status.Grant!.ValidUntil);
        var old = approved with { Status = approved.Status with { Grant = approved.Status.Grant with { ValidUntil = A.T0.AddSeconds(59) } } };
        Assert.Null(Replanned(old, A.Inputs(), A.Made("sha256:meaning")).Status.Grant);
    }

    [Fact]
    public void Two_plans_never_have_the_same_digest_so_that_no_approval_can_mean_another_one()
    {
        var first = Replanned(Approved(), A.Inputs(), A.Made(), attempt: 2).Status.Plan!;
        var second = Replanned(Approved(), A.Inputs(), A.Made(), attempt: 3).Status.Plan!;
        Assert.Equal((first.TextDigest, first.Artifacts!.Single().Digest), (second.TextDigest, second.Artifacts!.Single().Digest));
        Assert.NotEqual(first.Digest, second.Digest);
    }

    [Fact]
    public void An_approval_that_was_deleted_meanwhile_is_not_carried_into_an_apply()
    {
        var planned = Replanned(Approved(), A.Inputs(), A.Made("sha256:meaning"));
        var next = TaskDecider.Decide(A.Seen(A.Task(status: _ => planned.Status), s => s with { Pod = A.Pod(), Agent = A.AgentWith($"{A.Uid}-2"), GrantStillThere = false, Inputs = new InputsFacts(A.Inputs(), null) }));
        Assert.Equal((TaskPhase.ApplyPending, true), (next.Status.Phase, next.Status.Grant is null));
    }

    private static TaskResource Approved()
    {
        var task = A.Reserved(stored: false);
        return task with { Status = task.Status with { Grant = A.Grant(task) } };
    }

    /// <summary>The pod is lost before the plan was stored, and the plan is made again.</summary>
    private static TaskDecision Replanned(TaskResource approved, InputsStatus inputs, PlanStatus made, int attempt = 2)
    {
        var lost = TaskDecider.Decide(A.Seen(approved, s => s with { Pod = A.Pod(with: p => p with { Exists = false }), GrantStillThere = true }));
        Assert.Equal(TaskPhase.Pending, lost.Status.Phase);
        var planning = approved with { Status = lost.Status with { Phase = TaskPhase.Planning, Inputs = inputs, Attempts = attempt, Attempt = A.Attempt(attempt, AttemptKind.Plan), Slot = approved.Status.Slot } };
        return TaskDecider.Decide(A.Seen(planning, s => s with { Pod = A.Pod(), Agent = A.AgentWith($"{A.Uid}-{attempt}", A.Ended($"{A.Uid}-{attempt}", plan: made)) }));
    }
}
