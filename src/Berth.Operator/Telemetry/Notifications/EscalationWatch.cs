using Berth.Api;
using Berth.Core.Watching;
using Berth.Operator.Cluster;

namespace Berth.Operator.Telemetry.Notifications;

/// <summary>Tells people what has stood still for a while, and reminds them twice. Runs with the leader; what is due follows from the objects.</summary>
internal sealed class EscalationWatch(ClusterCache cache, Notifier notifier, OperatorEvents events, TimeProvider time, ILogger<EscalationWatch> log)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>What fell due while nobody led is told by the next leader, if that was not long ago.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(2);

    /// <summary>Watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var last = time.GetUtcNow() - Overlap;
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var now = time.GetUtcNow();
            Look(cache.Tasks.NotQuiet(), cache.Pools.Store.List(), last, now);
            last = now;
        }
    }

    /// <summary>Tells what fell due after one moment and up to another.</summary>
    internal void Look(IEnumerable<TaskResource> tasks, IEnumerable<AgentPoolResource> pools, DateTimeOffset after, DateTimeOffset upTo)
    {
        foreach (var task in tasks)
            if (Escalation.Of(task) is { } escalation)
                foreach (var n in escalation.Due(after, upTo)) Tell(task, escalation, n, upTo);
        foreach (var pool in pools)
            if (Escalation.Of(pool) is { } escalation)
                foreach (var n in escalation.Due(after, upTo)) Tell(pool, escalation, n, upTo);
    }

    private void Tell(TaskResource task, Escalation escalation, int n, DateTimeOffset now)
    {
        var text = Text(escalation, n, $"kubectl annotate task {task.Metadata.Name} -n {task.Metadata.Namespace}");
        log.LogWarning("Task {Namespace}/{Task} needs a person ({Kind}, level {Level}): {Reason}: {Message}", task.Metadata.Namespace, task.Metadata.Name, escalation.Kind, (int)escalation.Level, escalation.Reason, text);
        events.TaskWaits(task, escalation.Reason, text);
        notifier.Tell(Notification.Of(task, escalation, n, text, now));
    }

    private void Tell(AgentPoolResource pool, Escalation escalation, int n, DateTimeOffset now)
    {
        var text = Text(escalation, n, $"kubectl annotate agentpool {pool.Metadata.Name} -n {pool.Metadata.Namespace}");
        log.LogWarning("Pool {Namespace}/{Pool} needs a person (level {Level}): {Reason}: {Message}", pool.Metadata.Namespace, pool.Metadata.Name, (int)escalation.Level, escalation.Reason, text);
        events.PoolWarning(pool, escalation.Reason, text);
        notifier.Tell(Notification.Of(pool, escalation, n, text, now));
    }

    private static string Text(Escalation escalation, int n, string annotate)
    {
        if (escalation.Kind == EscalationKind.ApprovalExpiring) return escalation.Message;
        var known = $"to say that you know: {annotate} --overwrite {Names.AcknowledgedAnnotation}=$(date -u +%FT%TZ)";
        var since = $"since {escalation.Since:u}";
        return n switch
        {
            0 => $"{since}: {escalation.Message}; {known}",
            Escalation.Repetitions => $"{since}, last reminder: {escalation.Message}",
            _ => $"{since}, reminder {n} of {Escalation.Repetitions}: {escalation.Message}; {known}",
        };
    }
}
