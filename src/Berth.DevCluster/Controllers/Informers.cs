using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>One watch per collection, shared by all controllers that ask for it.</summary>
internal sealed class Informers(ControllerContext context)
{
    private readonly Dictionary<string, (List<Action<JsonObject?, JsonObject?>> Handlers, Reflector Reflector)> _feeds = [];

    /// <summary>Subscribes to a collection such as <c>apis/apps/v1/deployments</c>; before the start only.</summary>
    public Reflector Subscribe(string path, Action<JsonObject?, JsonObject?> changed)
    {
        if (!_feeds.TryGetValue(path, out var feed))
        {
            var handlers = new List<Action<JsonObject?, JsonObject?>>();
            feed = (handlers, new Reflector(context.Api, path, (old, now) => handlers.ForEach(handler => handler(old, now)), context.Report));
            _feeds[path] = feed;
        }

        feed.Handlers.Add(changed);
        return feed.Reflector;
    }

    public IEnumerable<Task> Run() => _feeds.Values.Select(feed => feed.Reflector.RunAsync(context.Stopping));
}
