using Berth.Api;
using Berth.Operator.History;
using Berth.Operator.Leadership;

namespace Berth.Operator.Hosting;

/// <summary>healthz and livez: the process answers. readyz: its caches are warm, so it can lead or take over at once.</summary>
internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, OperatorHost host, LeaderState leader, LeaderWork work, LoopSupervisor loops, HistoryCondition history, TimeProvider time)
    {
        routes.MapGet("/healthz", () => Results.Text("ok"));
        routes.MapGet("/livez", () => work.IsProgressing() ? Results.Text("ok") : Results.Text("the work loops make no progress", statusCode: 503));
        routes.MapGet("/readyz", () =>
        {
            var role = leader.Term is { } term ? $"leader, epoch {term.Epoch}" : $"standby, leader at {(leader.LeaderAddress is { Length: > 0 } at ? at : "nobody known")}";
            var text = $"{(host.IsReady ? "ok" : "caches are not filled yet")}\nrole: {role}\nhistory: {(history.Trouble is { } trouble ? $"{trouble.Reason} for {Durations.Describe(time.GetUtcNow() - trouble.Since)}: {trouble.Message}" : "ok")}\nloops: {(loops.Degraded is { Count: > 0 } bad ? "Degraded: " + string.Join(", ", bad) : "ok")}\n";
            return Results.Text(text, statusCode: host.IsReady ? 200 : 503);
        });
    }
}
