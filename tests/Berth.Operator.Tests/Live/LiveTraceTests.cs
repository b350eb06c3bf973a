using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Operator.Telemetry;
using Berth.Operator.Tests.Telemetry;
using Berth.Testing;
using Xunit;

namespace Berth.Operator.Tests.Live;

/// <summary>Real operators send to a real sink; the command's parent is found in what they sent.</summary>
[Collection("meters")]
public sealed class LiveTraceTests
{
    private static readonly (string Name, string? Value)[] Variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", null), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_BSP_SCHEDULE_DELAY", "500"), ("OTEL_METRIC_EXPORT_INTERVAL", "2000")];

    [Fact, Trait("Suite", "Long")]
    public async Task A_task_is_one_trace_from_its_first_wait_to_its_end_and_its_commands_belong_to_it()
    {
        await using var sink = await OtlpSink.StartAsync();
        foreach (var (name, value) in Variables) Environment.SetEnvironmentVariable(name, value ?? sink.Endpoint);
        try
        {
            await using var stack = await BerthStack.StartAsync();
            await using var space = await stack.SpaceAsync();
            var told = Path.Combine(stack.Directory, "traceparent");
            await space.CreateAsync("traced", spec => spec["apply"] = new JsonObject { ["command"] = TestSpace.Shell($"echo $TRACEPARENT > {told}") });
            await space.UntilReservedAsync("traced");
            await space.DecideAsync("traced");
            var task = await space.UntilAsync("traced", TaskPhase.Succeeded);

            var (uid, run) = (task.Metadata.Uid, task.Status.Run);
            var parent = (await File.ReadAllTextAsync(told, TestContext.Current.CancellationToken)).Trim().Split('-');
            Assert.Equal(TaskTraceIds.Trace(uid, run).ToHexString(), parent[1]);
            await UntilAsync(() => sink.Has("traces", parent[2]) && sink.Has("traces", TaskTraceIds.Root(uid, run).ToHexString()), "the attempt's span and the run's");
            var names = sink.Texts("traces");
            // What the agent did is part of the same trace: its stages are below the attempt that is the command's parent.
            foreach (var (attempt, stages) in new[] { ($"{uid}-1", (string[])["set up", "command", "describe", "upload"]), (task.Status.Attempt!.Id, ["command"]) })
                foreach (var stage in stages) await UntilAsync(() => sink.Has("traces", TaskTraceIds.Stage(attempt, stage).ToHexString()), $"stage {stage} of {attempt}");
            foreach (var name in new[] { "Pending", "Planning", "ApplyPending", "Applying", "attempt Plan", "attempt Apply", "waiting: AwaitingApproval" }) Assert.Contains(name, names);
            await UntilAsync(() => sink.Has("logs", parent[1]) && sink.Texts("metrics").Contains("berth_tasks"), "logs of the same trace, and metrics");
        }
        finally
        {
            foreach (var (name, _) in Variables) Environment.SetEnvironmentVariable(name, null);
        }
    }

    private static async Task UntilAsync(Func<bool> holds, string what)
    {
        for (var until = DateTimeOffset.UtcNow.AddSeconds(60); !holds(); await Task.Delay(200, TestContext.Current.CancellationToken))
            Assert.True(DateTimeOffset.UtcNow < until, $"not received within a minute: {what}");
    }
}
