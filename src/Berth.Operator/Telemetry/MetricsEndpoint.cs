using Berth.Operator.Telemetry.Exposition;

namespace Berth.Operator.Telemetry;

/// <summary><c>/metrics</c> for Prometheus; OpenMetrics for who accepts it.</summary>
internal static class MetricsEndpoint
{
    /// <summary>Adds the route.</summary>
    public static void Map(IEndpointRouteBuilder routes, TelemetryService telemetry) => routes.MapGet("/metrics", (HttpRequest request) =>
    {
        var openMetrics = request.Headers.Accept.Any(a => a?.Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase) == true);
        return telemetry.Scrape(openMetrics) is { } page
            ? Results.Text(page, openMetrics ? PrometheusWriter.OpenMetricsContentType : PrometheusWriter.PlainContentType)
            : Results.Text("the metrics could not be collected in time; try again\n", statusCode: StatusCodes.Status503ServiceUnavailable);
    });
}
