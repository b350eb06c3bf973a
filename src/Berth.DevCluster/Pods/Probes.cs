using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods;

/// <summary>Runs a container's startup, liveness and readiness probes for one run of it.</summary>
internal sealed class Probes(PodHost host, PodContainer container, Action<string, string> unhealthy, Action changed, Action<string> restart)
{
    /// <summary>Starts what the spec asks for; without probes the container counts as started and ready at once.</summary>
    public void Start(CancellationToken cancel)
    {
        JsonNode? startup = container.Spec.At("startupProbe");
        JsonNode? readiness = container.Spec.At("readinessProbe");
        container.IsStarted = startup is null;
        container.IsReady = startup is null && readiness is null;
        if (startup is not null || readiness is not null || container.Spec.At("livenessProbe") is not null)
        {
            _ = RunAsync(startup, readiness, container.Spec.At("livenessProbe"), cancel);
        }
    }

    private async Task RunAsync(JsonNode? startup, JsonNode? readiness, JsonNode? liveness, CancellationToken cancel)
    {
        try
        {
            if (startup is not null)
            {
                await LoopAsync("Startup", startup, good =>
                {
                    container.IsStarted = good;
                    container.IsReady = good && readiness is null;
                    return good;
                }, cancel);
            }

            await Task.WhenAll(
                readiness is null ? Task.CompletedTask : LoopAsync("Readiness", readiness, good =>
                {
                    container.IsReady = good;
                    return false;
                }, cancel),
                liveness is null ? Task.CompletedTask : LoopAsync("Liveness", liveness, static _ => false, cancel));
        }
        catch (OperationCanceledException)
        {
            // The run it watched has ended.
        }
    }

    /// <summary>Asks on and on; <paramref name="settled"/> hears each change of mind and ends the loop by saying true.</summary>
    private async Task LoopAsync(string kind, JsonNode probe, Func<bool, bool> settled, CancellationToken cancel)
    {
        TimeSpan period = Seconds(probe, "periodSeconds", 10), timeout = Seconds(probe, "timeoutSeconds", 1);
        long needed = probe.Number("successThreshold") ?? 1, tolerated = probe.Number("failureThreshold") ?? 3;
        long good = 0, bad = 0;
        await Task.Delay(Seconds(probe, "initialDelaySeconds", 0), cancel);
        while (true)
        {
            string? failure = await Probe.AskAsync(host, container, probe, timeout);
            cancel.ThrowIfCancellationRequested();
            (good, bad) = failure is null ? (good + 1, 0L) : (0L, bad + 1);
            if (failure is not null)
            {
                unhealthy("Unhealthy", $"{kind} probe failed: {failure}");
            }

            if (good == needed || bad == tolerated)
            {
                bool end = settled(failure is null);
                changed();
                if (bad == tolerated && kind != "Readiness")
                {
                    restart($"Container {container.Name} failed {kind.ToLowerInvariant()} probe, will be restarted");
                    return;
                }

                if (end)
                {
                    return;
                }
            }

            await Task.Delay(period, cancel);
        }
    }

    private static TimeSpan Seconds(JsonNode probe, string field, long otherwise) => TimeSpan.FromSeconds(probe.Number(field) ?? otherwise);
}
