using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>
/// Deletes what has lost its last owner, and carries out foreground and orphaning deletion. Owners are matched by uid
/// and looked for in the dependent's own namespace or cluster-wide; that an owner is gone is only believed after a live read.
/// </summary>
internal sealed class GarbageCollector(ControllerContext context)
{
    private readonly OwnershipGraph _graph = new();
    private readonly WorkQueue<string> _queue = new();
    private readonly Dictionary<string, (CancellationTokenSource Stop, Task Synced)> _feeds = [];
    private List<ServedResource> _resources = [];

    public const string Name = "garbage-collector";

    private CancellationToken Cancel => context.Stopping;

    /// <summary>Follows all kinds; a changed CustomResourceDefinition brings others.</summary>
    public async Task RunAsync(Func<Task> definitionsChanged)
    {
        Task[] workers = [.. Enumerable.Range(0, 4).Select(_ => _queue.RunAsync(
            ReconcileAsync,
            (uid, fault) =>
            {
                if (fault is not ApiException { IsConflict: true })
                {
                    context.Report($"controller {Name}: {_graph.Find(uid)?.Url ?? uid}: {fault.Message}");
                }
            },
            Cancel))];
        while (!Cancel.IsCancellationRequested)
        {
            Task changed = definitionsChanged();
            try
            {
                await FollowAsync();
            }
            catch (Exception fault) when (fault is ApiException or HttpRequestException or IOException && !Cancel.IsCancellationRequested)
            {
                context.Report($"controller {Name}: discovery failed and is tried again: {fault.Message}");
                changed = Task.Delay(1000, Cancel);
            }

            await Task.WhenAny(changed, Task.Delay(TimeSpan.FromSeconds(30), Cancel));
        }

        await Task.WhenAll(workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task FollowAsync()
    {
        _resources = await Discovery.ReadAsync(context.Api, Cancel);
        List<ServedResource> wanted = [.. _resources
            .Where(static item => item.Verbs.IsSupersetOf(["list", "watch", "delete"]) && item.Kind != "Event")
            .DistinctBy(static item => (item.Group, item.Plural))];
        foreach (string gone in _feeds.Keys.Except(wanted.Select(static item => item.Everywhere)).ToList())
        {
            _feeds.Remove(gone, out var feed);
            await feed.Stop.CancelAsync();
        }

        foreach (ServedResource resource in wanted.Where(item => !_feeds.ContainsKey(item.Everywhere)))
        {
            var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var feed = new Reflector<OwnedObject>(context.Api, resource.Everywhere, item => OwnedObject.Of(resource, item), Changed, context.Report);
            _feeds[resource.Everywhere] = (stop, feed.Synced);
            _ = feed.RunAsync(stop.Token);
        }
    }

    private void Changed(OwnedObject? old, OwnedObject? now)
    {
        if (now is not null)
        {
            _graph.Put(now);
            if (now.Deleting ? now.Foreground || now.Orphan : now.Owners.Count > 0 && now.Owners.Any(owner => IsUncertain(now, owner)))
            {
                _queue.Add(now.Uid);
            }

            return;
        }

        _graph.Remove(old!.Uid);
        _graph.Dependents(old.Uid).ForEach(dependent => _queue.Add(dependent.Uid));
        foreach (OwnerLink owner in old.Owners.Where(owner => _graph.Find(owner.Uid) is { Deleting: true, Foreground: true }))
        {
            _queue.Add(owner.Uid);
        }
    }

    /// <summary>Not known to be there, on its way out, or in a namespace from which it cannot own.</summary>
    private bool IsUncertain(OwnedObject item, OwnerLink owner) =>
        _graph.Find(owner.Uid) is not { Deleting: false } known || (known.Namespace.Length > 0 && known.Namespace != item.Namespace);

    private async Task ReconcileAsync(string uid)
    {
        if (_graph.Find(uid) is not { } item)
        {
            return;
        }

        if (item.Deleting)
        {
            if (item.Orphan)
            {
                await OrphanAsync(item);
            }
            else if (item.Foreground)
            {
                await ForegroundAsync(item);
            }

            return;
        }

        // What was read live decides; the graph only says where to look.
        if (await context.Api.FindAsync(item.Url, Cancel) is not { } live || live.Uid() != uid)
        {
            return;
        }

        await JudgeAsync(OwnedObject.Of(item.Resource, live), live);
    }

    private async Task JudgeAsync(OwnedObject item, JsonObject live)
    {
        var solid = new List<OwnerLink>();
        var waiting = new List<OwnerLink>();
        foreach (OwnerLink owner in item.Owners)
        {
            switch (await StateAsync(item, owner))
            {
                case OwnerState.Solid: solid.Add(owner); break;
                case OwnerState.Waiting: waiting.Add(owner); break;
                default: break;
            }
        }

        if (item.Owners.Count == 0 || item.Deleting || (solid.Count == item.Owners.Count))
        {
            return;
        }

        if (solid.Count > 0)
        {
            await KeepOwnersAsync(item, live, solid.Select(static owner => owner.Uid).ToHashSet());
        }
        else
        {
            bool below = waiting.Count > 0 && _graph.Dependents(item.Uid).Count > 0;
            await DeleteAsync(item, live, item.Orphan ? "Orphan" : item.Foreground || below ? "Foreground" : "Background");
        }
    }

    private enum OwnerState
    {
        Solid,
        Gone,

        /// <summary>Deleted in the foreground: it waits for this very dependent.</summary>
        Waiting,
    }

    private async Task<OwnerState> StateAsync(OwnedObject item, OwnerLink owner)
    {
        ServedResource? resource = _resources.Find(known => known.GroupVersion == owner.ApiVersion && known.Kind == owner.Kind);
        if (resource is null)
        {
            await FollowAsync();
            resource = _resources.Find(known => known.GroupVersion == owner.ApiVersion && known.Kind == owner.Kind)
                ?? throw new InvalidOperationException($"owner {owner.Kind} {owner.Name} is of a kind that {owner.ApiVersion} does not have; nothing is deleted for it");
        }

        if (resource.Namespaced && item.Namespace.Length == 0)
        {
            Tell(item, owner, "OwnerRefInvalidNamespace",
                $"ownerRef [{owner.ApiVersion}/{owner.Kind}, name: {owner.Name}, uid: {owner.Uid}] does not exist in namespace \"\"");
            return OwnerState.Solid; // A cluster-wide object can have no owner in a namespace: nothing follows from it.
        }

        JsonObject? live = await context.Api.FindAsync(resource.Url(item.Namespace, owner.Name), Cancel);
        if (live is null || live.Uid() != owner.Uid)
        {
            if (_graph.Find(owner.Uid) is { } elsewhere && elsewhere.Namespace != item.Namespace && elsewhere.Namespace.Length > 0)
            {
                Tell(item, owner, "OwnerRefInvalidNamespace",
                    $"ownerRef [{owner.ApiVersion}/{owner.Kind}, namespace: {item.Namespace}, name: {owner.Name}, uid: {owner.Uid}] does not exist in namespace \"{item.Namespace}\"");
            }

            return OwnerState.Gone;
        }

        return live.IsDeleting() && live.Texts("metadata", "finalizers").Contains("foregroundDeletion") ? OwnerState.Waiting : OwnerState.Solid;
    }

    private async Task ForegroundAsync(OwnedObject owner)
    {
        List<OwnedObject> dependents = _graph.Dependents(owner.Uid);
        foreach (OwnedObject dependent in dependents.Where(static item => !item.Deleting))
        {
            _queue.Add(dependent.Uid);
        }

        // A dependent may have come between the deletion and now: all kinds must have been seen.
        await Task.WhenAll(_feeds.Values.ToList().Select(static feed => feed.Synced)).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        if (!dependents.Exists(item => item.Owners.Any(link => link.Uid == owner.Uid && link.Blocks)))
        {
            await RemoveFinalizerAsync(owner, "foregroundDeletion");
        }
    }

    private async Task OrphanAsync(OwnedObject owner)
    {
        foreach (OwnedObject dependent in _graph.Dependents(owner.Uid))
        {
            if (await context.Api.FindAsync(dependent.Url, Cancel) is { } live && live.Uid() == dependent.Uid)
            {
                var kept = dependent.Owners.Where(link => link.Uid != owner.Uid).Select(static link => link.Uid).ToHashSet();
                await KeepOwnersAsync(dependent, live, kept);
            }
        }

        await RemoveFinalizerAsync(owner, "orphan");
    }

    private async Task KeepOwnersAsync(OwnedObject item, JsonObject live, HashSet<string> kept)
    {
        JsonArray owners = live.Items("metadata", "ownerReferences").Where(owner => kept.Contains(owner.Text("uid") ?? ""))
            .Select(static owner => owner.DeepClone()).ToJsonArray();
        await PatchAsync(item.Url, live, new JsonObject { ["ownerReferences"] = owners.Count > 0 ? owners : null });
    }

    private async Task RemoveFinalizerAsync(OwnedObject item, string finalizer)
    {
        if (await context.Api.FindAsync(item.Url, Cancel) is { } live && live.Uid() == item.Uid && live.Texts("metadata", "finalizers").Contains(finalizer))
        {
            JsonArray kept = live.Texts("metadata", "finalizers").Where(text => text != finalizer).Select(static text => (JsonNode)text).ToJsonArray();
            await PatchAsync(item.Url, live, new JsonObject { ["finalizers"] = kept.Count > 0 ? kept : null });
        }
    }

    private async Task PatchAsync(string url, JsonObject live, JsonObject metadata)
    {
        metadata["uid"] = live.Uid();
        metadata["resourceVersion"] = live.Text("metadata", "resourceVersion");
        try
        {
            await context.Api.PatchAsync(url, ApiClient.MergePatch, new JsonObject { ["metadata"] = metadata }, Cancel);
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // It was deleted meanwhile.
        }
    }

    private async Task DeleteAsync(OwnedObject item, JsonObject live, string policy)
    {
        var options = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = policy,
            ["preconditions"] = new JsonObject { ["uid"] = item.Uid, ["resourceVersion"] = live.Text("metadata", "resourceVersion") },
        };
        try
        {
            await context.Api.DeleteAsync(item.Url, options, Cancel);
        }
        catch (ApiException gone) when (gone.IsNotFound)
        {
            // As it should be.
        }
    }

    private void Tell(OwnedObject item, OwnerLink owner, string reason, string message) => context.Events.Write(
        new JsonObject
        {
            ["kind"] = item.Resource.Kind,
            ["apiVersion"] = item.Resource.GroupVersion,
            ["name"] = item.Name,
            ["uid"] = item.Uid,
            ["namespace"] = item.Namespace.Length > 0 ? item.Namespace : null,
        },
        item.Namespace.Length > 0 ? item.Namespace : "default", "Warning", reason, message, "garbage-collector-controller", null);
}
