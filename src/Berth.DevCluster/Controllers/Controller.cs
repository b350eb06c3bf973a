using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>
/// One built-in controller: watches say which objects (<c>namespace/name</c>) to look at, and looking reads live, so
/// that no stale copy makes it do a thing twice.
/// </summary>
internal abstract class Controller(ControllerContext context)
{
    private readonly WorkQueue<string> _queue = new();

    public abstract string Name { get; }

    /// <summary>How many objects are worked on at the same time.</summary>
    protected virtual int Workers => 2;

    protected ControllerContext Context => context;

    protected ApiClient Api => context.Api;

    protected CancellationToken Cancel => context.Stopping;

    /// <summary>Subscribes to what the controller reacts to.</summary>
    public abstract void Attach(Informers informers);

    public Task RunAsync() => Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => _queue.RunAsync(
        ReconcileAsync,
        (key, fault) =>
        {
            // Conflicts, and objects that go away meanwhile, are how writers meet: looked at again, and no news.
            if (fault is not ApiException { IsConflict: true } and not ApiException { IsNotFound: true })
            {
                context.Report($"controller {Name}: {key}: {fault.Message}");
            }
        },
        Cancel)));

    protected abstract Task ReconcileAsync(string key);

    protected void Enqueue(string key) => _queue.Add(key);

    protected void EnqueueAfter(string key, TimeSpan wait) => _queue.AddAfter(key, wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Cancel);

    /// <summary>Looks at the object's controlling owner of that kind.</summary>
    protected void EnqueueOwner(JsonObject? dependent, string kind)
    {
        if (dependent.ControllerOwner() is { } owner && owner.Text("kind") == kind)
        {
            Enqueue($"{dependent.Namespace()}/{owner.Text("name")}");
        }
    }

    protected static (string Namespace, string Name) Split(string key)
    {
        int slash = key.IndexOf('/', StringComparison.Ordinal);
        return (key[..slash], key[(slash + 1)..]);
    }

    /// <summary>Deletes that very object; gone already is as good.</summary>
    protected async Task DeleteAsync(string url, JsonObject item, string propagation = "Background", long? grace = null)
    {
        var options = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = propagation,
            ["preconditions"] = new JsonObject { ["uid"] = item.Uid() },
        };
        if (grace is not null)
        {
            options["gracePeriodSeconds"] = grace;
        }

        try
        {
            await Api.DeleteAsync(url, options, Cancel);
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            // Another object has that name by now, or none.
        }
    }

    /// <summary>Writes the status if it says something new.</summary>
    protected async Task WriteStatusAsync(string url, JsonObject item, JsonObject status)
    {
        if (!JsonNode.DeepEquals(item.At("status"), status))
        {
            JsonObject next = (JsonObject)item.DeepClone();
            next["status"] = status;
            await Api.ReplaceAsync($"{url}/status", next, Cancel);
        }
    }
}
