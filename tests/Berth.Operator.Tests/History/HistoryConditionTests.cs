using Berth.Api;
using Berth.History;
using Berth.Operator.Agents;
using Berth.Operator.History;
using Berth.Operator.Options;
using Berth.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.History;

/// <summary>What the operator thinks of its database, and what it keeps.</summary>
public class HistoryConditionTests
{
    private readonly HistoryCondition _condition = new(TimeProvider.System, NullLogger<HistoryCondition>.Instance);
    private int _changes;

    public HistoryConditionTests() => _condition.Changed += () => _changes++;

    [Fact]
    public void A_full_disk_is_trouble_although_the_database_answers()
    {
        _condition.Failed(HistoryUse.Records, Error(HistoryUnavailableReason.DiskFull));
        _condition.Succeeded(HistoryUse.Probe);
        Assert.Equal(HistoryUnavailableReason.DiskFull, _condition.Trouble?.Reason);
        _condition.Succeeded(HistoryUse.Records);
        Assert.Null(_condition.Trouble);
        Assert.Equal(2, _changes);
    }

    [Fact]
    public async Task Output_that_nobody_waits_to_have_written_is_no_trouble_any_more()
    {
        await using var away = new HistoryStore("Host=127.0.0.1;Port=1;Database=none;Username=nobody;Timeout=1");
        var logs = new LogWriter(away, new AgentRegistry(null!, TimeProvider.System, NullLogger<AgentRegistry>.Instance), _condition, TimeProvider.System, NullLogger<LogWriter>.Instance);
        using var closed = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = logs.RunAsync(stop.Token);
        var session = new AgentSession(new Hello { PodUid = "pod-1" }, 1, closed);
        await logs.WriteAsync(session, new Output { Attempt = "uid-1", Data = "a line"u8.ToArray() }, stop.Token);
        await UntilAsync(() => _condition.Trouble is { Use: HistoryUse.Output }, "the database is found to be away");
        session.Close();
        await UntilAsync(() => _condition.Trouble is null, "the agent and its output are gone");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private static async Task UntilAsync(Func<bool> holds, string what)
    {
        for (var end = DateTime.UtcNow.AddMinutes(1); !holds(); await Task.Delay(50, TestContext.Current.CancellationToken)) Assert.True(DateTime.UtcNow < end, $"not within a minute: {what}");
    }

    [Fact]
    public void Trouble_of_several_uses_is_told_once_and_ends_with_the_last()
    {
        _condition.Failed(HistoryUse.Output, Error(HistoryUnavailableReason.Unreachable));
        _condition.Failed(HistoryUse.Probe, Error(HistoryUnavailableReason.Unreachable));
        var since = _condition.Trouble!.Since;
        _condition.Succeeded(HistoryUse.Probe);
        Assert.Equal(since, _condition.Trouble?.Since);
        _condition.Succeeded(HistoryUse.Output);
        Assert.Null(_condition.Trouble);
        Assert.Equal(2, _changes);
    }

    [Fact]
    public void Another_reason_is_told_again()
    {
        _condition.Failed(HistoryUse.Probe, Error(HistoryUnavailableReason.Unreachable));
        _condition.Failed(HistoryUse.Probe, Error(HistoryUnavailableReason.SchemaNewer));
        Assert.Equal((HistoryUnavailableReason.SchemaNewer, 2), (_condition.Trouble!.Reason, _changes));
    }

    [Fact]
    public void Retention_is_read_by_kind_and_by_phase_and_nonsense_is_refused()
    {
        var policy = new RetentionSection { Logs = "12h", Audit = "forever", Failed = "30d" }.Policy();
        Assert.Equal((TimeSpan.FromHours(12), null, TimeSpan.FromDays(365)), (policy.Logs, policy.Audit, policy.Tasks));
        Assert.Equal(TimeSpan.FromDays(30), Assert.Single(policy.ByPhase, p => p.Key == TaskPhase.Failed).Value);
        var wrong = new OperatorOptions { Retention = new RetentionSection { Logs = "soon", Stopped = "-1d" }, Postgres = new PostgresSection { ConnectionString = "Host=h", EncryptionKeysDirectory = "/nowhere", EncryptionKeysSecret = "keys" } }.Violations();
        Assert.Contains(wrong, v => v.Contains("Retention:Logs 'soon'", StringComparison.Ordinal));
        Assert.Contains(wrong, v => v.Contains("Retention:Stopped", StringComparison.Ordinal));
        Assert.Contains(wrong, v => v.Contains("exclude each other", StringComparison.Ordinal));
        Assert.Contains(wrong, v => v.Contains("/nowhere", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_person_asked_of_a_task_is_named_in_the_words_of_the_command_line()
    {
        var running = new TaskResource { Spec = new TaskSpec { Priority = 1 } };
        TaskResource With(Func<TaskSpec, TaskSpec> spec) => running with { Metadata = running.Metadata with { Generation = 2 }, Spec = spec(running.Spec) };
        Assert.Equal(["suspend"], VerbAudit.Verbs(running, With(s => s with { DesiredState = DesiredState.Suspended })));
        Assert.Equal(["stop"], VerbAudit.Verbs(running, With(s => s with { DesiredState = DesiredState.Stopped })));
        Assert.Equal(["resume"], VerbAudit.Verbs(With(s => s with { DesiredState = DesiredState.Suspended }), With(s => s) with { Metadata = new ResourceMeta { Generation = 3 } }));
        Assert.Equal(["requeue", "prioritize"], VerbAudit.Verbs(running, With(s => s with { Requeue = 1, Priority = 5 })));
        Assert.Equal(["requeue"], VerbAudit.Verbs(null, With(s => s with { Requeue = 1 })));
        Assert.Equal(["change"], VerbAudit.Verbs(null, With(s => s)));
        Assert.Empty(VerbAudit.Verbs(running, running));
    }

    [Fact]
    public void A_deletion_is_laid_at_the_person_who_has_just_said_so_and_at_nobody_else()
    {
        var at = DateTimeOffset.UtcNow;
        ResourceMeta With(ActionNote note) => new() { Uid = "u", Annotations = new Dictionary<string, string> { [Names.ActionAnnotation] = note.ToJson() } };
        var note = new ActionNote { Id = Guid.CreateVersion7(), Verb = "delete", By = "alice", At = at.AddSeconds(-2) };
        Assert.Equal("alice", VerbAudit.Deleted("Task", With(note), at).Actor);
        Assert.Equal("via the API server", VerbAudit.Deleted("Task", With(note with { Verb = "suspend" }), at).Actor);
        Assert.Equal("via the API server", VerbAudit.Deleted("Task", With(note with { At = at.AddHours(-1) }), at).Actor);
        Assert.Equal("via the API server", VerbAudit.Deleted("Task", new ResourceMeta { Uid = "u" }, at).Actor);
        Assert.Equal(VerbAudit.Deleted("Task", With(note), at).Id, VerbAudit.Deleted("Task", new ResourceMeta { Uid = "u" }, at).Id);
    }

    private static HistoryUnavailableException Error(HistoryUnavailableReason reason) => new(reason, true, $"it is {reason}");
}
