using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Leadership;
using Berth.Operator.Options;

namespace Berth.Operator.History;

/// <summary>
/// Asks the database whether it is well, on every replica, so that a standby knows what it would take over with. The leader tells people:
/// an Event on its Lease when trouble begins, changes or ends.
/// </summary>
internal sealed class HistoryProbe(HistoryStore store, HistoryCondition condition, LeaderState leader, EventRecorder events, OperatorOptions options, TimeProvider time)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private HistoryUnavailableReason? _told;

    /// <summary>Asks until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await store.PingAsync(cancellationToken);
                condition.Succeeded(HistoryUse.Probe);
            }
            catch (HistoryUnavailableException e)
            {
                condition.Failed(HistoryUse.Probe, e);
            }
            Tell();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private void Tell()
    {
        var trouble = condition.Trouble;
        if (leader.Term is null || trouble?.Reason == _told) return;
        var lease = new ObjectReference { ApiVersion = "coordination.k8s.io/v1", Kind = "Lease", Namespace = options.Operator.Namespace, Name = options.Lease.Name };
        if (trouble is null) events.Normal(lease, Reasons.HistoryRestored, "Write", "the database takes history again; what waited is being written");
        else events.Warning(lease, Reasons.HistoryDegraded, "Write", $"{trouble.Reason}: {trouble.Message}");
        _told = trouble?.Reason;
    }
}
