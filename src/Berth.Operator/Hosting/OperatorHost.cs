using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Approvals;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Options;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Notifications;
using Berth.Operator.View;

namespace Berth.Operator.Hosting;

/// <summary>
/// The order of starting and stopping. Start: health, certificate, caches, warm standby, election. Stop: reconcilers drain, history is
/// flushed, the lease is released, events are written.
/// </summary>
internal sealed class OperatorHost(
    KubernetesClient client, ClusterCache cache, LeaderState leader, LeaderWork work, GatewayCertificates certificates, ViewCertificates viewCertificates, ViewRegistration registration, GatewayPublisher publisher, HistoryStore store,
    HistoryWriter history, HistorySpill spill, HistoryCondition condition, HistoryProbe probe, HistoryKeys keys, PlanStore plans, LogWriter logs, ApprovalProver prover, StorageMeter storage, Notifier notifier, EventRecorder events, LoopSupervisor loops,
    ListeningAddresses addresses, OperatorOptions options, TimeProvider time, ILoggerFactory logging)
{
    private static readonly TimeSpan LeaveToARestore = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookForSchema = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FlushWithin = TimeSpan.FromSeconds(5);
    private readonly ILogger _log = logging.CreateLogger<OperatorHost>();

    /// <summary>Whether this replica can take over at once.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Runs until stopped. The exit code is 0 after an orderly stop, 3 when leadership was lost.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        using var background = new CancellationTokenSource();
        notifier.Raised += told => { if (AlertLog.Of(told) is { } alert) history.Note(alert); };
        cache.Start(background.Token);
        publisher.Addresses = options.Gateway.Addresses is { Length: > 0 } given ? GatewayAddress.NormalizeAll(given) : addresses.Gateway;
        var running = Background(background.Token);
        await cache.WaitForSyncAsync(stop);
        // The first lists leave more behind than all that comes after them: given back now, or it stays for as long as the process lives.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        IsReady = true;
        _log.LogInformation("Warm: {Tasks} tasks, {Pods} agent pods; gateway at {Gateway}", cache.Tasks.Count, cache.Pods.Count, addresses.Gateway);
        var outcome = await ElectAsync(stop);
        IsReady = false;
        await FlushAsync();
        events.Complete();
        await background.CancelAsync();
        await running;
        if (outcome == LeaderOutcome.Stopped) return 0;
        _log.LogError("Leadership was lost. Exiting, so that nothing goes on with what may be stale; the next start begins with a fresh view");
        return 3;
    }

    private async Task<LeaderOutcome> ElectAsync(CancellationToken stop)
    {
        var elector = new LeaderElector(client, new LeaderElectorOptions
        {
            Lease = new ObjectKey(options.Operator.Namespace, options.Lease.Name),
            Identity = LeaderElectorOptions.UniqueIdentity(options.Identity),
            LeaseDuration = options.Lease.Duration,
            RenewDeadline = options.Lease.RenewDeadline,
            RetryPeriod = options.Lease.RetryPeriod,
            Annotations = new Dictionary<string, string> { [Names.GatewayAddressAnnotation] = addresses.Gateway, [Names.ViewAddressAnnotation] = addresses.View },
            IsHealthy = work.IsProgressing,
            Time = time,
            Logging = logging,
        });
        elector.LeaderChanged += record => leader.SeeLeader(AddressOf(record, Names.GatewayAddressAnnotation), AddressOf(record, Names.ViewAddressAnnotation));
        elector.LeaderRenewed += leader.SeeRenewal;
        leader.HigherEpochSeen += elector.RaiseEpochAbove;
        // The Lease may have been deleted, and its epoch with it: what tasks record was ordered under an earlier one.
        elector.RaiseEpochAbove(cache.Tasks.Kept().Select(t => t.Epoch).DefaultIfEmpty().Max());
        return await elector.RunAsync(lease => work.LeadAsync(lease, elector.Identity, elector.ConfirmAsync), stop);
    }

    private static string AddressOf(LeaderRecord leader, string annotation) => leader.Identity.Length == 0 ? "" : leader.Annotations.GetValueOrDefault(annotation) ?? "";

    private Task Background(CancellationToken stop) => Task.WhenAll(
        loops.RunAsync("migration", KeepMigratedAsync, stop),
        loops.RunAsync("history", history.RunAsync, stop),
        loops.RunAsync("history-probe", probe.RunAsync, stop),
        loops.RunAsync("history-keys", keys.RunAsync, stop),
        loops.RunAsync("plans", plans.RunAsync, stop),
        loops.RunAsync("logs", logs.RunAsync, stop),
        loops.RunAsync("approval-policy", prover.RunAsync, stop),
        loops.RunAsync("storage", storage.RunAsync, stop),
        loops.RunAsync("view-registration", viewCertificates.IsWanted ? registration.RunAsync : _ => Task.CompletedTask, stop),
        loops.RunAsync("view-certificate", viewCertificates.RunAsync, stop),
        loops.RunAsync("notifications", notifier.RunAsync, stop),
        loops.RunAsync("events", events.RunAsync, CancellationToken.None),
        loops.RunAsync("certificate", certificates.RunAsync, stop));

    /// <summary>Brings the schema up to date, and again when the database turns out to be another one: lost and made anew, or restored from before an upgrade.</summary>
    private async Task KeepMigratedAsync(CancellationToken cancellationToken)
    {
        using var changed = new SemaphoreSlim(0);
        bool LacksSchema() => condition.Trouble is { Use: HistoryUse.Probe, Reason: HistoryUnavailableReason.SchemaOlder };
        void Changed()
        {
            if (changed.CurrentCount == 0) changed.Release();
        }
        condition.Changed += Changed;
        try
        {
            while (true)
            {
                await MigrateAsync(cancellationToken);
                // Where writing found out before the probe did, the probe's finding is no change that would be told.
                while (!LacksSchema()) await changed.WaitAsync(LookForSchema, cancellationToken);
                // Somebody may be restoring a backup at this moment: an empty database is theirs first.
                await Task.Delay(LeaveToARestore, time, cancellationToken);
                if (LacksSchema()) _log.LogWarning("The database has no schema any more, or an older one: it was replaced. It is brought up to date; what a backup has can be added with 'berth restore FILE --history-only --merge'");
            }
        }
        finally
        {
            condition.Changed -= Changed;
        }
    }

    /// <summary>Brings the schema up to date as soon as the database can be reached; nothing else waits for it.</summary>
    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var applied = await store.MigrateAsync(cancellationToken);
                if (applied.Count > 0) _log.LogInformation("History: applied {Migrations}", string.Join(", ", applied));
                condition.Succeeded(HistoryUse.Migration);
                return;
            }
            catch (HistoryUnavailableException e)
            {
                condition.Failed(HistoryUse.Migration, e);
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(30, 1 << Math.Min(attempt, 5))), time, cancellationToken);
            }
        }
    }

    private async Task FlushAsync()
    {
        using var limit = new CancellationTokenSource(FlushWithin, time);
        try
        {
            await history.FlushAsync(limit.Token);
            await spill.SaveAuditAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _log.LogWarning("History was not flushed within {Seconds} s; what is missing stands in the tasks' statuses and is written by the next leader", FlushWithin.TotalSeconds);
        }
    }
}

/// <summary>Where this replica really listens, once it does.</summary>
internal sealed class ListeningAddresses
{
    /// <summary>host:port of the gateway as others reach it.</summary>
    public string Gateway { get; set; } = "";

    /// <summary>host:port of the aggregated API as others reach it; empty if none is served.</summary>
    public string View { get; set; } = "";
}
