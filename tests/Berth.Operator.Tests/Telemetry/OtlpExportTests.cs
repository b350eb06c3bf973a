using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Berth.Operator.Tests.Telemetry;

[Collection("meters")]
public partial class OtlpExportTests
{
    [Theory, InlineData("http/protobuf"), InlineData("grpc")]
    public async Task Metrics_traces_and_logs_arrive_and_belong_together(string protocol)
    {
        await using var sink = await OtlpSink.StartAsync(protocol == "grpc");
        var attempt = new AttemptStatus { Id = "u1-1", Kind = AttemptKind.Plan, Run = 1, OrderedAt = DateTimeOffset.UtcNow, EndedAt = DateTimeOffset.UtcNow, Outcome = "Succeeded" };
        var task = TaskTracesTests.ATask(TaskPhase.Planning, DateTimeOffset.UtcNow, attempt);
        await using (var process = await OperatorProcess.StartAsync(("OTEL_EXPORTER_OTLP_ENDPOINT", sink.Endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)))
        {
            process.Get<TaskTraces>().AttemptEnded(task, attempt, DateTimeOffset.UtcNow);
            process.Get<TaskTraces>().PhaseLeft(task, 1, TaskTracesTests.Applied(TaskPhase.Planning, TaskSignal.PlanNoChanges), DateTimeOffset.UtcNow.AddSeconds(-1), DateTimeOffset.UtcNow);
            using (TaskTelemetry.Correlate(task)) Moved(process.Log("test"), "change");
        }
        Assert.Equal(["/v1/logs", "/v1/metrics", "/v1/traces"], sink.Paths.Order(StringComparer.Ordinal));
        var trace = TaskTraceIds.Trace("u1", 1).ToHexString();
        Assert.True(sink.Has("traces", trace));
        Assert.True(sink.Has("traces", TaskTraceIds.Attempt("u1-1").ToHexString()));
        Assert.True(sink.Has("logs", trace));
        Assert.Contains("attempt Plan", sink.Texts("traces"));
        Assert.Contains("Planning", sink.Texts("traces"));
        Assert.Contains("berth-operator", sink.Texts("traces"));
        Assert.Contains("berth_tasks", sink.Texts("metrics"));
        Assert.Contains(sink.Texts("logs"), t => t == "Task change moved");
    }

    [Theory]
    [InlineData(true, true, true, "OTEL_EXPORTER_OTLP_ENDPOINT=http://x")]
    [InlineData(false, false, false)]
    [InlineData(false, true, false, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://x")]
    [InlineData(true, false, true, "OTEL_EXPORTER_OTLP_ENDPOINT=http://x", "OTEL_TRACES_EXPORTER=none")]
    [InlineData(false, false, false, "OTEL_EXPORTER_OTLP_ENDPOINT=http://x", "OTEL_SDK_DISABLED=true")]
    public void The_standard_variables_decide_what_leaves(bool metrics, bool traces, bool logs, params string[] variables)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(variables.Select(v => v.Split('=')).ToDictionary(v => v[0], v => (string?)v[1])).Build();
        Assert.Equal(new OtlpSettings(metrics, traces, logs), OtlpSettings.Read(configuration));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Task {Task} moved")]
    private static partial void Moved(ILogger log, string task);
}
