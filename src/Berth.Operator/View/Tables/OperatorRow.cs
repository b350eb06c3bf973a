using System.Text.Json.Nodes;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.History;
using Berth.Operator.Hosting;
using Berth.Operator.Leadership;
using Berth.Operator.Options;
using Berth.Operator.Telemetry;

namespace Berth.Operator.View.Tables;

/// <summary>How the replica that answers is.</summary>
internal sealed class OperatorRow(LeaderState leader, HistoryWriter history, HistoryCondition condition, StorageMeter storage, LoopSupervisor loops, GatewayCertificates gateway, ViewCertificates view,
    ClusterCache cache, OperatorOptions options, TimeProvider time)
{
    /// <summary>It, as of now.</summary>
    public JsonObject Read() => new()
    {
        ["metadata"] = ClusterRows.Metadata(null, options.Identity),
        ["version"] = OperatorMetrics.Version,
        ["leads"] = leader.Term is not null,
        ["epoch"] = leader.Term?.Epoch ?? 0,
        ["leaderAddress"] = leader.LeaderAddress,
        ["ready"] = cache.HasSynced,
        ["time"] = time.GetUtcNow().ToString("O"),
        ["history"] = condition.Trouble?.Message ?? "ok",
        ["historySince"] = ClusterRows.Moment(condition.Trouble?.Since),
        ["outboxDepth"] = history.Depth,
        ["outboxLagSeconds"] = (long)Math.Max(0, history.Lag.TotalSeconds),
        ["storageUsedBytes"] = storage.Used,
        ["storageLimitBytes"] = storage.Limit,
        ["loops"] = loops.Degraded is { Count: > 0 } degraded ? "Degraded: " + string.Join(", ", degraded) : "ok",
        ["gatewayCertificateExpires"] = ClusterRows.Moment(gateway.Expires),
        ["viewCertificateExpires"] = ClusterRows.Moment(view.Expires),
    };
}
