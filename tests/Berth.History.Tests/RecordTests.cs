using Berth.Api;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Attempts, approvals, audit, alerts, and the questions asked of them.</summary>
public sealed class RecordTests(HistoryFixture fixture)
{
    [Fact]
    public async Task An_attempt_grows_and_forgets_nothing()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1)]);
        var ordered = new AttemptStatus { Id = uid + "-1", Kind = AttemptKind.Apply, Run = 2, Pod = "pod-a", PodUid = "p", Slot = 1, Epoch = 4, Leader = "op-0", OrderedAt = Make.Start };
        var ended = ordered with { StartedAt = Make.Start.AddSeconds(1), EndedAt = Make.Start.AddSeconds(9), ExitCode = 3, Outcome = "Failed" };
        await test.Store.WriteAttemptsAsync([new AttemptRecord { TaskUid = uid, Attempt = ordered }]);
        await test.Store.WriteAttemptsAsync([new AttemptRecord { TaskUid = uid, Attempt = ended, CpuSeconds = 1.5, MaxMemoryBytes = 1 << 20 }]);
        await test.Store.WriteAttemptsAsync([new AttemptRecord { TaskUid = uid, Attempt = ordered }]);
        var story = await test.Store.GetStoryAsync(uid);
        Assert.Equal(new AttemptRecord { TaskUid = uid, Attempt = ended, CpuSeconds = 1.5, MaxMemoryBytes = 1 << 20 }, Assert.Single(story!.Attempts));
    }

    [Fact]
    public async Task A_verdict_is_final()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1)]);
        var approval = new ApprovalResource
        {
            Metadata = new ResourceMeta { Uid = "approval-1", Name = "yes", Namespace = "team-a", CreationTimestamp = Make.Start },
            Spec = new ApprovalSpec { TaskRef = new TaskReference { Name = "task", Uid = uid }, Run = 1, Workspace = "prod", Decision = ApprovalDecision.Approve, Approver = "alice", Comment = "go" },
        };
        await test.Store.WriteApprovalsAsync([approval]);
        await test.Store.WriteApprovalsAsync([Decided(approval, ConditionStatus.True, "Accepted")]);
        await test.Store.WriteApprovalsAsync([Decided(approval, ConditionStatus.False, "TooLate"), approval]);
        var stored = Assert.Single((await test.Store.GetStoryAsync(uid))!.Approvals);
        Assert.Equal(("Approve", "alice", "Accepted", Make.Start.AddSeconds(5)), (stored.Decision, stored.Approver, stored.Verdict!, stored.VerdictAt!.Value));
    }

    [Fact]
    public async Task A_deletion_marks_the_task_once()
    {
        await using var test = await fixture.StoreAsync();
        var (gone, other) = (Make.Uid(), Make.Uid());
        await test.Store.WriteTransitionsAsync([Make.Batch(gone, 1), Make.Batch(other, 1)]);
        var act = new AuditRecord { At = Make.Start, Actor = "alice", Verb = AuditRecord.Delete, Kind = "Task", Uid = gone };
        await test.Store.WriteAuditAsync([act, act with { Id = Guid.CreateVersion7(), Verb = "stop", Uid = other }]);
        await test.Store.WriteAuditAsync([act with { Id = Guid.CreateVersion7(), At = Make.Start.AddDays(1) }]);
        Assert.Equal((Make.Start, null), ((await test.Store.GetStoryAsync(gone))!.Task.DeletedAt, (await test.Store.GetStoryAsync(other))!.Task.DeletedAt));
    }

    [Fact]
    public async Task Audit_and_alerts_are_part_of_the_story_once()
    {
        await using var test = await fixture.StoreAsync();
        var uid = Make.Uid();
        await test.Store.WriteTransitionsAsync([Make.Batch(uid, 1)]);
        var audit = new AuditRecord { At = Make.Start, Actor = "alice", Verb = "stop", Kind = "Task", Uid = uid, Outcome = "Done", DetailJson = """{"a": 1}""" };
        var alert = new AlertRecord { At = Make.Start, Name = "OutputSilent", Severity = "warning", Subject = uid, Message = "silent" };
        for (var i = 0; i < 2; i++)
        {
            await test.Store.WriteAuditAsync([audit]);
            await test.Store.WriteAlertsAsync([alert with { ResolvedAt = i == 0 ? null : Make.Start.AddMinutes(1) }]);
        }
        var story = await test.Store.GetStoryAsync(uid);
        Assert.Equal(audit, Assert.Single(story!.Audit));
        Assert.Equal(alert with { ResolvedAt = Make.Start.AddMinutes(1) }, Assert.Single(story.Alerts));
    }

    [Fact]
    public async Task Tasks_are_found_by_everything_that_people_ask_for()
    {
        await using var test = await fixture.StoreAsync();
        var batches = new List<TransitionBatch>();
        for (var i = 0; i < 40; i++)
        {
            var task = Make.Task($"uid-{i:D2}", i % 4 == 0 ? TaskPhase.Failed : TaskPhase.Succeeded, $"task-{i % 10}", i % 2 == 0 ? "prod" : "test", i % 5 == 0 ? "large" : "small", Make.Start.AddHours(i));
            batches.Add(Make.Batch(task, 0, Make.Entry(1), Make.Entry(2, TaskPhase.Planning) with { Actor = i == 7 ? "carol" : null }));
        }
        await test.Store.WriteTransitionsAsync(batches);
        async Task<int> CountAsync(TaskFilter filter) => (await test.Store.ListTasksAsync(filter)).Count;
        Assert.Equal(40, await CountAsync(new TaskFilter()));
        Assert.Equal(20, await CountAsync(new TaskFilter { Workspace = "prod" }));
        Assert.Equal(8, await CountAsync(new TaskFilter { Pool = "large" }));
        Assert.Equal(10, await CountAsync(new TaskFilter { Phase = TaskPhase.Failed }));
        Assert.Equal(40, await CountAsync(new TaskFilter { Reason = "Because", Person = "bob" }));
        Assert.Equal(1, await CountAsync(new TaskFilter { Person = "carol" }));
        Assert.Equal(0, await CountAsync(new TaskFilter { Namespace = "team-b" }));
        Assert.Equal(5, await CountAsync(new TaskFilter { Since = Make.Start.AddHours(10), Until = Make.Start.AddHours(15) }));
        Assert.Equal(["uid-39", "uid-38"], (await test.Store.ListTasksAsync(new TaskFilter { Limit = 2 })).Select(t => t.Uid));
        Assert.Equal("uid-33", await test.Store.FindTaskAsync("team-a", "task-3"));
        Assert.Null(await test.Store.FindTaskAsync("team-a", "nothing"));

        var statistics = await test.Store.GetStatisticsAsync(new TaskFilter { Workspace = "prod" });
        Assert.Equal((20L, 0.5), (statistics.Tasks, statistics.SuccessRate!.Value));
        Assert.Equal([("Pending", 20L, 0.0), ("Planning", 20L, 1.0)], statistics.Stages.Select(s => (s.Phase, s.Count, s.P50Seconds)));
        Assert.Equal(new ReasonCount("Because", 40), Assert.Single(statistics.TopReasons));
        // The same tasks are counted that a list shows.
        foreach (var filter in new TaskFilter[] { new() { Phase = TaskPhase.Failed }, new() { Reason = "Nothing" }, new() { Person = "carol" }, new() { Name = "task-3" }, new() { Pool = "large", Phase = TaskPhase.Succeeded } })
            Assert.Equal(await CountAsync(filter), (await test.Store.GetStatisticsAsync(filter)).Tasks);
    }

    private static ApprovalResource Decided(ApprovalResource approval, ConditionStatus status, string reason) => approval with
    {
        Status = new ApprovalStatus { Conditions = [new Condition { Type = "Accepted", Status = status, Reason = reason, LastTransitionTime = Make.Start.AddSeconds(5) }] },
    };
}
