using System.Diagnostics.Metrics;
using Berth.Api;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.History;
using Berth.Operator.Hosting;
using Berth.Operator.Leadership;
using Berth.Operator.View;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Berth.Operator.Telemetry;

/// <summary>Gauges that are read from what the operator knows anyway. Every replica shows the cluster's: take the maximum over replicas.</summary>
internal sealed class ClusterGauges(
    OperatorMetrics metrics, TaskCensus census, TaskTelemetry tasks, ClusterCache cache, AgentRegistry agents, LeaderState leader, LeaderWork work,
    HistoryWriter history, HistorySpill spill, HistoryCondition condition, GatewayCertificates certificates, ViewCertificates viewCertificates, StorageMeter storage, TimeProvider time)
{
    private static readonly string[] Hindrances = [Reasons.InvalidTemplate, Reasons.PodRefused, Reasons.Unschedulable, Reasons.ImagePullFailed, Reasons.CrashLoop, Reasons.RunnerIncompatible, Reasons.VolumeMissing, Reasons.QuotaExceeded, Reasons.MissingPermission, Reasons.PodsFailing, Reasons.AgentNotConnected];

    /// <summary>Registers all of them.</summary>
    public void Register()
    {
        RegisterTasks();
        RegisterPools();
        RegisterHistory();
        RegisterLeader();
    }

    private void RegisterTasks()
    {
        metrics.Gauge(MetricCatalog.Tasks, () => census.Take().Phases.Select((count, phase) => new Measurement<double>(count, new Tag("phase", ((TaskPhase)phase).ToString()))));
        metrics.Gauge(MetricCatalog.Waiting, () => census.Take().Waits.Select(w => new Measurement<double>(w.Value, new("stage", w.Key.Item1.ToString()), new Tag("reason", w.Key.Item2))));
        metrics.Gauge(MetricCatalog.OldestWait, () => ClosedSets.Stages.Select(s => new Measurement<double>(census.Take().Oldest.TryGetValue(s, out var since) ? Math.Max(0, (time.GetUtcNow() - since).TotalSeconds) : 0, new Tag("stage", s.ToString()))));
        metrics.Gauge(MetricCatalog.Stalled, () => census.Take().Stalled.Select(s => new Measurement<double>(s.Value, new Tag("reason", s.Key))));
        metrics.Gauge(MetricCatalog.ReservationsUnrecovered, () => census.Take().Unrecovered);
        metrics.Gauge(MetricCatalog.ApprovalsWaiting, () => census.Take().Approvals);
        metrics.Gauge(MetricCatalog.ApprovalsExpiring, () => census.Take().Expiring);
    }

    private void RegisterPools()
    {
        metrics.Gauge(MetricCatalog.Slots, () => Pools().SelectMany(Slots));
        metrics.Gauge(MetricCatalog.PoolPods, () => Pools().Select(p => Of(p, p.Status.Replicas)));
        metrics.Gauge(MetricCatalog.PoolPodsDesired, () => Pools().Select(p => Of(p, p.Spec.Replicas ?? 1)));
        metrics.Gauge(MetricCatalog.PoolWaiting, () => Pools().Select(p => Of(p, census.Take().ForSlot.GetValueOrDefault($"{p.Metadata.Namespace}/{p.Metadata.Name}"))));
        metrics.Gauge(MetricCatalog.PoolReady, () => Pools().Select(p => Of(p, Condition(p) is { Status: ConditionStatus.True } ? 1 : 0)));
        metrics.Gauge(MetricCatalog.PoolCannotGrow, () => Pools().Select(p => Of(p, Condition(p)?.Reason is { } reason && Hindrances.Contains(reason) ? 1 : 0)));
        metrics.Gauge(MetricCatalog.AgentsConnected, () => agents.Connected);
    }

    private void RegisterHistory()
    {
        metrics.Gauge(MetricCatalog.HistoryAvailable, () => condition.Trouble is null ? 1 : 0);
        metrics.Gauge(MetricCatalog.OutboxDepth, () => history.Depth);
        metrics.Gauge(MetricCatalog.OutboxLag, () => Math.Max(0, history.Lag.TotalSeconds));
        metrics.Gauge(MetricCatalog.Spilled, () => spill.Waiting);
        metrics.Gauge(MetricCatalog.TableSize, () => storage.Tables.Select(t => new Measurement<double>(t.Bytes, new Tag("table", t.Table))));
        metrics.Gauge(MetricCatalog.StorageUsed, () => storage.Used is { } used ? [new Measurement<double>(used)] : []);
        metrics.Gauge(MetricCatalog.StorageLimit, () => storage.Limit);
    }

    private void RegisterLeader()
    {
        metrics.Gauge(MetricCatalog.Leader, () => leader.Term is null ? 0 : 1);
        metrics.Gauge(MetricCatalog.Epoch, () => leader.Term?.Epoch ?? 0);
        metrics.Gauge(MetricCatalog.Idle, IdleSeconds);
        metrics.Gauge(MetricCatalog.Progressing, () => work.IsProgressing() ? 1 : 0);
        metrics.Gauge(MetricCatalog.Ready, () => cache.HasSynced ? 1 : 0);
        metrics.Gauge(MetricCatalog.CertificateExpiry, () => Expiries());
    }

    private IEnumerable<Measurement<double>> Expiries()
    {
        if (certificates.Authority.Length > 0) yield return new(certificates.Expires.ToUnixTimeSeconds(), new Tag("certificate", "gateway"));
        if (viewCertificates.Expires is { } expires) yield return new(expires.ToUnixTimeSeconds(), new Tag("certificate", "view"));
    }

    private double IdleSeconds()
    {
        if (leader.Term is not { } term || census.Take().Open == 0) return 0;
        var led = time.GetUtcNow() - term.Since;
        var idle = tasks.SinceDecision < led ? tasks.SinceDecision : led;
        return Math.Max(0, idle.TotalSeconds);
    }

    private IReadOnlyList<AgentPoolResource> Pools() => [.. cache.Pools.Store.List()];

    private static IEnumerable<Measurement<double>> Slots(AgentPoolResource pool)
    {
        var slots = pool.Status.Slots;
        foreach (var (state, count) in ClosedSets.SlotStates.Zip([slots.Running, slots.Reserved, slots.Idle, slots.Unavailable]))
            yield return new(count, new("namespace", pool.Metadata.Namespace), new("pool", pool.Metadata.Name), new Tag("state", state));
    }

    private static Condition? Condition(AgentPoolResource pool) => pool.Status.Conditions.FirstOrDefault(c => c.Type == "Ready");

    private static Measurement<double> Of(AgentPoolResource pool, double value) => new(value, new("namespace", pool.Metadata.Namespace), new Tag("pool", pool.Metadata.Name));
}
