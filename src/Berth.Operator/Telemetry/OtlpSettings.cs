namespace Berth.Operator.Telemetry;

/// <summary>
/// Which signals leave by OTLP, by the standard variables: an endpoint turns it on, <c>OTEL_SDK_DISABLED</c> or
/// <c>OTEL_{METRICS,TRACES,LOGS}_EXPORTER=none</c> off. Protocol, headers, timeouts, batching, sampling, resource and service name are read by
/// the OpenTelemetry library itself.
/// </summary>
internal sealed record OtlpSettings(bool Metrics, bool Traces, bool Logs)
{
    /// <summary>Reads the variables.</summary>
    public static OtlpSettings Read(IConfiguration configuration)
    {
        if (string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase)) return new OtlpSettings(false, false, false);
        var everywhere = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        return new OtlpSettings(Wants("METRICS"), Wants("TRACES"), Wants("LOGS"));

        bool Wants(string signal) =>
            (everywhere || configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"] is { Length: > 0 })
            && !string.Equals(configuration[$"OTEL_{signal}_EXPORTER"], "none", StringComparison.OrdinalIgnoreCase);
    }
}
