using Xunit;

namespace Berth.Kubernetes.Conformance.Cluster;

/// <summary>A cluster to test against: the one of a kubeconfig, or a dev cluster in this process.</summary>
public abstract class TestCluster : IAsyncLifetime
{
    private readonly List<string> _namespaces = [];
    private readonly Lock _lock = new();
    private KubernetesClient? _client;

    /// <summary>A client as cluster administrator.</summary>
    public KubernetesClient Client => _client ?? throw new InvalidOperationException("there is no cluster");

    internal KubernetesConfig Config { get; private set; } = null!;

    /// <summary>Whether the cluster is ours to trouble.</summary>
    internal virtual Berth.DevCluster.DevCluster? Dev => null;

    public async ValueTask InitializeAsync()
    {
        if (await ConnectAsync() is not { } config) return;
        Config = config;
        _client = new(config);
        await Widgets.EnsureAsync(_client);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            // Namespaces take seconds to go on a real server; nobody waits for them.
            foreach (var ns in _namespaces) await _client.DeleteAsync(Resources.Namespaces, new(ns));
            await Widgets.RemoveAsync(_client);
            _client.Dispose();
        }
        await DisconnectAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes a namespace for one test; it goes with the cluster.</summary>
    public async Task<string> NamespaceAsync()
    {
        var created = await Client.CreateAsync(Resources.Namespaces, new Namespace { Metadata = new() { GenerateName = "conformance-" } });
        lock (_lock) _namespaces.Add(created.Metadata.Name!);
        return created.Metadata.Name!;
    }

    /// <summary>Skips a test when there is no such cluster.</summary>
    public void Require() => Assert.SkipWhen(_client is null, "BERTH_TEST_KUBECONFIG is not set");

    private protected abstract Task<KubernetesConfig?> ConnectAsync();

    private protected virtual ValueTask DisconnectAsync() => ValueTask.CompletedTask;
}

/// <summary>A dev cluster in this process.</summary>
public sealed class InProcessCluster : TestCluster
{
    private Berth.DevCluster.DevCluster? _dev;

    internal override Berth.DevCluster.DevCluster? Dev => _dev;

    private protected override async Task<KubernetesConfig?> ConnectAsync()
    {
        _dev = await Berth.DevCluster.DevCluster.StartAsync(new() { BookmarkInterval = TimeSpan.FromMilliseconds(500) });
        using var directory = new TemporaryDirectory();
        return KubernetesConfig.Load(directory.Write("config", _dev.AdminKubeconfig));
    }

    private protected override async ValueTask DisconnectAsync()
    {
        if (_dev is not null) await _dev.DisposeAsync();
    }
}

/// <summary>The cluster of <c>BERTH_TEST_KUBECONFIG</c>.</summary>
public sealed class GivenCluster : TestCluster
{
    private protected override Task<KubernetesConfig?> ConnectAsync() => Task.FromResult(
        Environment.GetEnvironmentVariable("BERTH_TEST_KUBECONFIG") is { Length: > 0 } file ? KubernetesConfig.Load(file) : null);
}

/// <summary>The suite on the dev cluster.</summary>
public sealed class DevClusterTests(InProcessCluster cluster) : ClusterSuite(cluster), IClassFixture<InProcessCluster>;

/// <summary>The suite on the cluster of <c>BERTH_TEST_KUBECONFIG</c>.</summary>
public sealed class GivenClusterTests(GivenCluster cluster) : ClusterSuite(cluster), IClassFixture<GivenCluster>;
