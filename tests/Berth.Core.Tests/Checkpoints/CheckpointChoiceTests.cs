using Berth.Api;
using Berth.Core.Checkpoints;
using Berth.Core.Tests.Building;
using Xunit;

namespace Berth.Core.Tests.Checkpoints;

/// <summary>Which checkpoint an attempt begins with. Names are attempt-number; attempts 1 and 2 are of run 1, 3 and 4 of run 2.</summary>
public sealed class CheckpointChoiceTests
{
    private static readonly Checkpoint[] Kept = [At(4, 2), At(4, 1), At(2, 9), At(2, 8), At(1, 5)];

    [Theory]
    [InlineData("a run goes on from its own newest", 2, null, "4-2 4-1", false)]
    [InlineData("a new run begins from scratch", 4, null, "", false)]
    [InlineData("unless it is told to take the latest; older ones stand by", 4, "latest", "4-2 4-1 2-9 2-8 1-5", true)]
    [InlineData("or one by name, and what is older stands by", 4, "2-8", "2-8 1-5", true)]
    [InlineData("its own come first as soon as there are some", 2, "1-5", "4-2 4-1 1-5", false)]
    [InlineData("the first run has only its own", 0, null, "4-2 4-1 2-9 2-8 1-5", false)]
    public void Chooses(string what, int attemptsBefore, string? resumeFrom, string expected, bool named)
    {
        var choice = CheckpointChoice.Of(Task(attemptsBefore, resumeFrom), Kept);
        Assert.True(expected == string.Join(' ', choice.Candidates.Select(c => c.Name)), what);
        Assert.Equal((named, null), (choice.Named, choice.Problem));
    }

    [Theory]
    [InlineData("9-9", "4-2, 4-1, 2-9, 2-8, 1-5")]
    [InlineData("2-7", "2-8")]
    public void What_is_not_kept_is_said_with_what_there_is(string resumeFrom, string there)
    {
        var choice = CheckpointChoice.Of(Task(4, resumeFrom), Kept);
        Assert.Empty(choice.Candidates);
        Assert.Contains(resumeFrom, choice.Problem!, StringComparison.Ordinal);
        Assert.Contains(there, choice.Problem!, StringComparison.Ordinal);
    }

    [Fact]
    public void Latest_of_nothing_is_a_problem_and_not_a_start_from_scratch() =>
        Assert.Contains("none is kept", CheckpointChoice.Of(Task(4, "latest"), []).Problem!, StringComparison.Ordinal);

    [Fact]
    public void A_named_one_that_was_pruned_does_not_matter_once_the_run_has_its_own() =>
        Assert.Equal(["4-2", "4-1"], CheckpointChoice.Of(Task(2, "1-1"), Kept).Candidates.Select(c => c.Name));

    [Fact]
    public void That_a_request_was_answered_stands_in_the_status_and_is_written_once()
    {
        var running = A.Applying();
        var seen = A.Seen(running, s => s with { Pod = A.Pod(), Agent = A.Agent(A.Running($"{A.Uid}-2")), CheckpointSaved = "now" });
        var noted = Core.Tasks.TaskDecider.Decide(seen).Status;
        Assert.Equal("now", noted.Checkpointed);
        Assert.Same(noted, Core.Tasks.TaskDecider.Decide(seen with { Task = running with { Status = noted } }).Status);
        Assert.Equal("now", Core.Tasks.TaskDecider.Decide(seen with { Task = running with { Status = noted }, CheckpointSaved = null }).Status.Checkpointed);
    }

    private static Checkpoint At(int attempt, int number) => new($"0b5e-uid-{attempt}", number, Digests.Of($"{attempt}-{number}"), 10);

    private static TaskResource Task(int attemptsBefore, string? resumeFrom) => new()
    {
        Metadata = new ResourceMeta { Name = "a", Namespace = "n", Uid = "0b5e-uid" },
        Spec = new TaskSpec { Checkpoint = new CheckpointPolicy(), ResumeFrom = resumeFrom },
        Status = new Api.TaskStatus { AttemptsBefore = attemptsBefore },
    };
}
