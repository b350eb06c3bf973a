using Berth.DevCluster.Access;
using Berth.DevCluster.Admission;
using Berth.DevCluster.Controllers;
using Berth.DevCluster.Discovery;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.OpenApi;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Watching;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster;

/// <summary>
/// A Kubernetes API server in this process: https on 127.0.0.1 with an authority of its own, real enough for kubectl, Helm and operators.
/// It is for tests and demos; production has Kubernetes itself. Any number of them can run side by side.
/// </summary>
public sealed class DevCluster : IAsyncDisposable
{
    private readonly Cluster _cluster;
    private readonly ApiServer _server;
    private readonly WatchCuts _cuts;
    private readonly NodeProxy _nodes;
    private ControllerHost? _controllers;

    private DevCluster(Cluster cluster, ApiServer server, WatchCuts cuts, NodeProxy nodes) =>
        (_cluster, _server, _cuts, _nodes) = (cluster, server, cuts, nodes);

    /// <summary>The address of the API server, such as <c>https://127.0.0.1:6443</c>.</summary>
    public Uri Url => new($"https://127.0.0.1:{_server.Port}");

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
        var registry = new ResourceRegistry();
        registry.Put(BuiltinResources.All(store));
        var cluster = new Cluster(options, store, registry, Credentials.Create(options));
        var definitions = new CustomResourceDefinitions(cluster);
        Seed.Apply(cluster, definitions);
        var (server, cuts, nodes) = Compose(cluster, definitions);
        var dev = new DevCluster(cluster, server, cuts, nodes);
        await server.Start(options.Port);
        Seed.ApiServerService(cluster, server.Port);
        if (options.Crds is { } path) await Manifests.Create(cluster, definitions, path);
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
    public void CutWatches() => _cuts.Cut();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_controllers is { } controllers) await controllers.DisposeAsync();
        _cuts.Cut();
        await _server.DisposeAsync();
        _nodes.Dispose();
        _cluster.Store.Dispose();
        _cluster.Credentials.Dispose();
    }

    private ControllerOptions ControllerOptions()
    {
        var told = new ControllerOptions
        {
            AuthorityPem = CertificateAuthorityPem, NodeGrace = _cluster.Options.NodeGrace, OrphanedPodGrace = _cluster.Options.NodeGrace,
        };
        return _cluster.Options.Log is { } log ? told with { Report = log } : told;
    }

    private static (ApiServer Server, WatchCuts Cuts, NodeProxy Nodes) Compose(Cluster cluster, CustomResourceDefinitions definitions)
    {
        var authenticator = new Authenticator(cluster);
        IAuthorizer authorizer = new AllowAll();
        var admission = new AdmissionChain(cluster);
        var (creation, update, deletion) = (new ObjectCreation(cluster, admission), new ObjectUpdate(cluster, admission), new ObjectDeletion(cluster, admission));
        var writes = new WriteHandlers(cluster, creation, update, new ObjectApply(cluster, creation, update));
        var (cuts, nodes) = (new WatchCuts(), new NodeProxy(cluster));
        var pods = new PodSubresources(cluster, update, nodes);
        var subresources = new Subresources(new ScaleHandler(update), pods, new TokenRequests(cluster), update, deletion, writes);
        var endpoints = new Endpoints(cluster, new ListHandler(cluster), new WatchHandler(cluster, cuts), writes, deletion, subresources,
            new Reviews(cluster, authenticator, authorizer, pods), new DiscoveryHandler(cluster), new OpenApiHandler(cluster), definitions);
        return (new ApiServer(cluster, authenticator, authorizer, new Dispatcher(cluster, authorizer, endpoints)), cuts, nodes);
    }
}
