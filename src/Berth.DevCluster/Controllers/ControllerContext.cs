using Berth.DevCluster.Pods;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>What all controllers of one cluster share.</summary>
internal sealed class ControllerContext(ApiClient api, ControllerOptions options, CancellationToken stopping)
{
    public ApiClient Api { get; } = api;

    public ControllerOptions Options { get; } = options;

    public EventRecorder Events { get; } = new(api, options.Report);

    public CancellationToken Stopping { get; } = stopping;

    public void Report(string line) => Options.Report(line);
}
