using System.Text;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Exposition;

namespace Berth.Operator.Tests.Telemetry;

/// <summary>docs/metrics.md, written from the catalogue.</summary>
internal static class MetricsPage
{
    public static string PrintedName(MetricDefinition metric)
    {
        var kind = Enum.Parse<FamilyKind>(metric.Kind.ToString());
        return PrometheusNames.Family(metric.Name, metric.Unit, kind) + (kind == FamilyKind.Counter ? "_total" : "");
    }

    public static string Write()
    {
        var text = new StringBuilder("""
            # Metrics

            Every replica serves `/metrics` on its plain http listener: Prometheus text, or OpenMetrics for who accepts it. With `OTEL_EXPORTER_OTLP_ENDPOINT`
            (and the other standard `OTEL_*` variables) the same metrics, one trace per task and the logs leave by OTLP, gRPC or http/protobuf.

            Names are base units, no label names a task, and every series of a closed set exists from the start with zero. Gauges about tasks, pools and
            approvals are shown by **every** replica from its own cache: take `max`, not `sum`, over replicas. Counters grow on the leader: `sum` them.
            Scrape with `honor_labels: true` (ServiceMonitor: `honorLabels: true`), so that `namespace` and `pool` of pools stay what they are.
            This page is written from `src/Berth.Operator/Telemetry/MetricCatalog.cs`; a test holds the two together.

            | metric | type | unit | labels | meaning |
            | --- | --- | --- | --- | --- |

            """);
        foreach (var metric in MetricCatalog.All)
        {
            var labels = metric.Labels.Length == 0 ? "–" : string.Join(' ', metric.Labels.Select(l => $"`{l}`"));
            var unit = PrometheusNames.Unit(metric.Unit) is { Length: > 0 } word ? word : metric.Unit.Trim('{', '}') is "1" or "" ? "–" : metric.Unit.Trim('{', '}') + "s";
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"| `{PrintedName(metric)}` | {metric.Kind.ToString().ToLowerInvariant()} | {unit} | {labels} | {metric.Help} |\n");
        }
        return text.Append("""

            ## Of the parts underneath

            | meter | what it tells | examples |
            | --- | --- | --- |
            | `Berth.Kubernetes` | requests to the API server, work queues, reconciles, caches, election; under the names of client-go and controller-runtime | `rest_client_requests_total`, `workqueue_depth`, `workqueue_queue_duration_seconds`, `controller_runtime_reconcile_total`, `informer_age_seconds` |
            | `Npgsql` | connections and commands of the history database | `db_client_operation_duration_seconds`, `db_client_connection_count` |
            | `System.Runtime` | garbage collection, threads, memory, exceptions | `dotnet_gc_pause_time_seconds_total`, `dotnet_process_memory_working_set_bytes` |
            | `Microsoft.AspNetCore.Hosting` | requests to this process | `http_server_request_duration_seconds` |

            ## Traces

            One trace for each run of a task. Its id is derived from the task's uid and run, so that leaders that follow each other write parts of the same
            trace. Spans: the run; each stay in a phase, waiting included; each reason to wait within it; each attempt, and below it what its agent did: `set up`, `prepare`,
            `command`, `describe`, `restore`, `upload`, by the node's clock. Agents tell the leader these times with their results, and it writes the spans: no agent needs
            a way to the collector. A span is written when it is over. The command gets `TRACEPARENT` with its attempt's span as parent. To sample whole tasks, use `OTEL_TRACES_SAMPLER=traceidratio`, which decides
            by the trace's id.

            ## Alerts

            `deploy/alerts/berth.rules.yaml` loads into Prometheus as it is; each alert links to its page below `docs/runbooks/`. Dashboards for Grafana are in
            `deploy/dashboards/`; they ask for a Prometheus data source when imported.

            """).ToString().ReplaceLineEndings("\n");
    }
}
