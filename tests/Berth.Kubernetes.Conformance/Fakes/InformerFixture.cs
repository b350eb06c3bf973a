using System.Collections.Concurrent;

namespace Berth.Kubernetes.Conformance;

/// <summary>A fake collection, a client of it and a running informer that writes down what it says.</summary>
internal sealed class InformerFixture : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly FakeApi _api;
    private Task _running = Task.CompletedTask;

    private InformerFixture(FakeApi api, FakeCollection server, InformerOptions options)
    {
        (_api, Server) = (api, server);
        Client = api.Client();
        Informer = new InformerFactory(Client, options).For(Resources.ConfigMaps);
    }

    public FakeCollection Server { get; }

    public KubernetesClient Client { get; }

    public Informer<ConfigMap> Informer { get; }

    public ConcurrentQueue<InformerEvent<ConfigMap>> Events { get; } = new();

    public IEnumerable<string> Story => Events.Select(static e => $"{(e.IsTombstone ? "missed " : "")}{(e.IsInitial ? "initial " : "")}{e.Type} {e.Key.Name}");

    public static InformerOptions Quick { get; } = new() { MinBackoff = TimeSpan.FromMilliseconds(10), MaxBackoff = TimeSpan.FromMilliseconds(50) };

    public static async Task<InformerFixture> StartAsync(Action<FakeCollection>? prepare = null, InformerOptions? options = null, bool waitForSync = true)
    {
        var server = new FakeCollection();
        prepare?.Invoke(server);
        var fixture = new InformerFixture(await FakeApi.StartAsync(server.AnswerAsync), server, options ?? Quick);
        fixture.Informer.AddHandler(fixture.Events.Enqueue);
        fixture._running = Task.Run(() => fixture.Informer.RunAsync(fixture._stop.Token));
        if (waitForSync) await fixture.Informer.WaitForSyncAsync().WaitAsync(Eventually.Limit);
        return fixture;
    }

    public string? Value(string name) => Informer.Store.Get(new("ns", name))?.Data?["value"];

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Server.CutWatches();
        await _running.WaitAsync(Eventually.Limit);
        Client.Dispose();
        await _api.DisposeAsync();
        _stop.Dispose();
    }
}
