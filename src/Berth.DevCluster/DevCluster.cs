using Berth.DevCluster.Controllers;
using Berth.DevCluster.Faults;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster;

/// <summary>
/// A Kubernetes API server in this process: https on 127.0.0.1 with an authority of its own, real enough for kubectl, Helm and operators.
/// It is for tests and demos; production has Kubernetes itself. Any number of them can run side by side.
/// </summary>
public sealed class DevCluster : IAsyncDisposable
{
    private readonly Cluster _cluster;
    private readonly Composition _parts;
    private ControllerHost? _controllers;

    private DevCluster(Cluster cluster, Composition parts) => (_cluster, _parts) = (cluster, parts);

    /// <summary>The address of the API server, such as <c>https://127.0.0.1:6443</c>.</summary>
    public Uri Url => new($"https://127.0.0.1:{_parts.Server.Port}");

    /// <summary>The certificate of the authority that vouches for the server, in PEM.</summary>
    public string CertificateAuthorityPem => _cluster.Credentials.Authority.Pem;

    /// <summary>The administrator's bearer token.</summary>
    public string AdminToken => TokenOf(_cluster.Options.AdminName);

    /// <summary>The kubeconfig of the administrator.</summary>
    public string AdminKubeconfig => KubeconfigOf(_cluster.Options.AdminName);

    /// <summary>The names of all users that have a token: the administrator first.</summary>
    public IReadOnlyList<string> UserNames => [.. _cluster.Credentials.Users.Select(u => u.User.Name)];

    internal Cluster State => _cluster;

    /// <summary>Starts a cluster and returns when it answers.</summary>
    /// <param name="options">How; null for the defaults.</param>
    public static async Task<DevCluster> StartAsync(DevClusterOptions? options = null)
    {
        options ??= new DevClusterOptions();
        var store = new ObjectStore(options.HistoryCapacity);
        if (options.PersistTo is { } directory) store.Attach(new FileJournal(directory));
        var registry = new ResourceRegistry();
        registry.Put(BuiltinResources.All(store));
        var cluster = new Cluster(options, store, registry, Credentials.Create(options));
        var parts = new Composition(cluster);
        Seed.Apply(cluster, parts.Definitions);
        if (options.Crds is { } path) await Manifests.Create(cluster, parts.Definitions, path);
        var dev = new DevCluster(cluster, parts);
        await parts.Server.Start(options.Port);
        Seed.ApiServerService(cluster, parts.Server.Port);
        if (options.Controllers) dev._controllers = ControllerHost.Start(dev.CreateClient(), dev.ControllerOptions());
        return dev;
    }

    /// <summary>The bearer token of a user.</summary>
    /// <exception cref="KeyNotFoundException">There is no such user.</exception>
    public string TokenOf(string user) => _cluster.Credentials.TokenOf(user);

    /// <summary>A kubeconfig for a user, with the authority's certificate in it.</summary>
    /// <exception cref="KeyNotFoundException">There is no such user.</exception>
    public string KubeconfigOf(string user) => Kubeconfig.Text(Url, CertificateAuthorityPem, user, TokenOf(user));

    /// <summary>A client that trusts this cluster and speaks as a user; its base address is set.</summary>
    /// <param name="user">The user; null for the administrator.</param>
    public HttpClient CreateClient(string? user = null)
    {
        var client = new HttpClient(CreateHandler()) { BaseAddress = Url, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new("Bearer", TokenOf(user ?? _cluster.Options.AdminName));
        return client;
    }

    /// <summary>A message handler that trusts this cluster alone.</summary>
    public SocketsHttpHandler CreateHandler() => Trust.Handler(_cluster.Credentials.Authority.Root);

    /// <summary>Forgets all watch history: watches and paged lists from before answer 410.</summary>
    public void Compact() => _cluster.Store.Compact();

    /// <summary>Ends all open watches.</summary>
    public void CutWatches() => _parts.Cuts.Cut();

    /// <summary>Closes the listener with all connections, and opens it again on the same port after a while. The objects stay.</summary>
    public Task RestartAsync(TimeSpan down) => _parts.Restart(down);

    /// <summary>Sets faults; the cluster must have been started with <see cref="DevClusterOptions.Faults"/>.</summary>
    public FaultDriver CreateFaultDriver() => new(CreateClient());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_controllers is { } controllers) await controllers.DisposeAsync();
        await _parts.DisposeAsync();
        _cluster.Store.Dispose();
        _cluster.Credentials.Dispose();
    }

    private ControllerOptions ControllerOptions()
    {
        var told = new ControllerOptions
        {
            AuthorityPem = CertificateAuthorityPem,
            NodeGrace = _cluster.Options.NodeGrace,
            OrphanedPodGrace = _cluster.Options.NodeGrace,
        };
        return _cluster.Options.Log is { } log ? told with { Report = log } : told;
    }
}
