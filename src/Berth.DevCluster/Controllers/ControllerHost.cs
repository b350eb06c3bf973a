using System.Net;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Runs the built-in controllers over a client of the API server they belong to.</summary>
public sealed class ControllerHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiClient _api;
    private readonly List<Task> _tasks = [];
    private TaskCompletionSource _definitions = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ControllerHost(HttpClient client)
    {
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower;
        _api = new ApiClient(client);
    }

    /// <summary>Starts the controllers; they come to work as their watches are answered.</summary>
    /// <param name="client">A client with address and credentials of an administrator; it is disposed with the host.</param>
    /// <param name="options">How they behave; null for the defaults.</param>
    public static ControllerHost Start(HttpClient client, ControllerOptions? options = null)
    {
        var host = new ControllerHost(client);
        host.Run(options ?? new ControllerOptions());
        return host;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _api.Dispose();
        _stop.Dispose();
    }

    private static Controller[] All(ControllerContext context) =>
    [
        new NamespaceContents(context), new NamespaceLifecycle(context), new CustomResourceCleanup(context),
        new ReplicaSets(context), new Deployments(context), new StatefulSets(context), new Jobs(context),
        new DisruptionBudgets(context), new NodeLifecycle(context), new PodGarbageCollector(context), new ServiceEndpoints(context),
    ];

    private void Run(ControllerOptions options)
    {
        var context = new ControllerContext(_api, options, _stop.Token);
        var informers = new Informers(context);
        foreach (Controller controller in All(context).Where(item => !options.Off.Contains(item.Name)))
        {
            controller.Attach(informers);
            Begin(context, controller.Name, controller.RunAsync);
        }

        informers.Subscribe("apis/apiextensions.k8s.io/v1/customresourcedefinitions", (_, _) =>
            Interlocked.Exchange(ref _definitions, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult());
        if (!options.Off.Contains(GarbageCollector.Name))
        {
            var collector = new GarbageCollector(context);
            Begin(context, GarbageCollector.Name, () => collector.RunAsync(DefinitionsChangedAsync));
        }

        Begin(context, "events", () => context.Events.RunAsync(_stop.Token));
        _tasks.AddRange(informers.Run());
    }

    /// <summary>A definition needs a moment after its change until its kind is served.</summary>
    private async Task DefinitionsChangedAsync()
    {
        await _definitions.Task.WaitAsync(_stop.Token);
        await Task.Delay(200, _stop.Token);
    }

    private void Begin(ControllerContext context, string name, Func<Task> work) => _tasks.Add(Task.Run(async () =>
    {
        try
        {
            await work();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception fault)
        {
            context.Report($"controller {name} ended unexpectedly: {fault}");
        }
    }));
}
