using System.Diagnostics.Metrics;
using Berth.Kubernetes;
using Berth.Operator.Options;
using Berth.Operator.Telemetry.Exposition;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Berth.Operator.Telemetry;

/// <summary>Collects from the meters and activity sources while the process runs, and hands over what is left when it ends.</summary>
internal sealed class TelemetryService(OperatorMetrics metrics, ClusterGauges gauges, OperatorOptions options, OtlpSettings otlp, IConfiguration configuration, ILogger<TelemetryService> log) : IHostedService, IDisposable
{
    private const int FlushMilliseconds = 5000;
    private const string NpgsqlMeter = "Npgsql";
    private static readonly string[] Meters = [OperatorMetrics.MeterName, KubernetesMetrics.Name, NpgsqlMeter, "System.Runtime", "Microsoft.AspNetCore.Hosting"];
    private readonly ScrapeExporter _scrape = new(metrics.EmptyHistograms);
    private OpenTelemetrySdk? _sdk;

    /// <summary>All metrics, printed for Prometheus; null before the start and when they cannot be had in time.</summary>
    public string? Scrape(bool openMetrics) => _scrape.Scrape(openMetrics);

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _sdk = OpenTelemetrySdk.Create(builder =>
        {
            // Without this the library would see the environment alone, and not what was set on the command line.
            builder.Services.AddSingleton(configuration);
            builder.ConfigureResource(r => Describe(r, options)).WithMetrics(Metrics);
            if (otlp.Traces) builder.WithTracing(t => t.AddSource(TaskTraces.SourceName).AddOtlpExporter());
        });
        // The library builds its providers when they are first asked for.
        _ = _sdk.MeterProvider;
        _ = _sdk.TracerProvider;
        gauges.Register();
        metrics.Begin();
        if (otlp != new OtlpSettings(false, false, false)) log.LogInformation("OTLP export: metrics {Metrics}, traces {Traces}, logs {Logs}", otlp.Metrics, otlp.Traces, otlp.Logs);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _sdk?.TracerProvider.ForceFlush(FlushMilliseconds);
        if (otlp.Metrics) _sdk?.MeterProvider.ForceFlush(FlushMilliseconds);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _sdk?.Dispose();
        _sdk = null;
    }

    /// <summary>Sends logs by OTLP too, where that is asked for.</summary>
    public static void AddLogs(ILoggingBuilder logging, OperatorOptions options, OtlpSettings otlp)
    {
        if (!otlp.Logs) return;
        logging.AddOpenTelemetry(o =>
        {
            o.IncludeFormattedMessage = true;
            o.IncludeScopes = true;
            o.SetResourceBuilder(Describe(ResourceBuilder.CreateDefault(), options));
            o.AddOtlpExporter();
        });
    }

    private void Metrics(MeterProviderBuilder builder)
    {
        builder.AddMeter(Meters).AddView(Shape).AddReader(new BaseExportingMetricReader(_scrape));
        if (otlp.Metrics) builder.AddOtlpExporter();
    }

    private static MetricStreamConfiguration? Shape(Instrument instrument) => instrument switch
    {
        // The library's own buckets are meant for milliseconds.
        Histogram<double> { Unit: "s", Meter.Name: KubernetesMetrics.Name } => new ExplicitBucketHistogramConfiguration { Boundaries = [.. OperatorMetrics.ShortSeconds] },
        // There is one pool of connections, and its name is its connection string: nothing for a label.
        { Meter.Name: NpgsqlMeter } => new MetricStreamConfiguration { TagKeys = ["db.client.connection.state"] },
        _ => null,
    };

    private static ResourceBuilder Describe(ResourceBuilder resource, OperatorOptions options) =>
        resource.AddService("berth-operator", "berth", OperatorMetrics.Version, autoGenerateServiceInstanceId: false, options.Identity).AddEnvironmentVariableDetector();
}
