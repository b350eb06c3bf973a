using Berth.DevCluster.Access;
using Berth.DevCluster.Admission;
using Berth.DevCluster.Aggregation;
using Berth.DevCluster.Discovery;
using Berth.DevCluster.Faults;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.OpenApi;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Watching;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster;

/// <summary>Puts the parts of one API server together.</summary>
internal sealed class Composition : IAsyncDisposable
{
    private readonly NodeProxy _nodes;
    private readonly AggregatedApis _aggregated;

    public Composition(Cluster cluster)
    {
        Definitions = new CustomResourceDefinitions(cluster);
        _nodes = new NodeProxy(cluster);
        _aggregated = new AggregatedApis(cluster);
        var authenticator = new Authenticator(cluster);
        IAuthorizer authorizer = cluster.Options.Rbac ? new RbacAuthorizer(cluster) : new AllowAll();
        var admission = new AdmissionChain(cluster, authorizer);
        var creation = new ObjectCreation(cluster, admission);
        var update = new ObjectUpdate(cluster, admission);
        var deletion = new ObjectDeletion(cluster, admission);
        var writes = new WriteHandlers(cluster, creation, update, new ObjectApply(cluster, creation, update));
        var pods = new PodSubresources(cluster, update, _nodes);
        var subresources = new Subresources(new ScaleHandler(update), pods, new TokenRequests(cluster), update, deletion, writes);
        var endpoints = new Endpoints(cluster, new ListHandler(cluster), new WatchHandler(cluster, Cuts), writes, deletion, subresources,
            new Reviews(cluster, authenticator, authorizer, pods), new DiscoveryHandler(cluster, _aggregated), new OpenApiHandler(cluster), Definitions);
        var faults = cluster.Faults is { } board ? new FaultEndpoint(cluster, board, Cuts, Restart) : null;
        Server = new ApiServer(cluster, authenticator, authorizer, new Dispatcher(cluster, authorizer, endpoints, _aggregated), faults);
    }

    public CustomResourceDefinitions Definitions { get; }

    public WatchCuts Cuts { get; } = new();

    public ApiServer Server { get; }

    public Task Restart(TimeSpan down)
    {
        Cuts.Cut();
        return Server.Restart(down);
    }

    public async ValueTask DisposeAsync()
    {
        Cuts.Cut();
        await Server.DisposeAsync();
        _nodes.Dispose();
        _aggregated.Dispose();
        Cuts.Dispose();
    }
}
