using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>One entry of an object's <c>ownerReferences</c>.</summary>
internal sealed record OwnerLink(string ApiVersion, string Kind, string Name, string Uid, bool Blocks);

/// <summary>What the garbage collector remembers of an object.</summary>
internal sealed record OwnedObject(
    ServedResource Resource, string Namespace, string Name, string Uid, IReadOnlyList<OwnerLink> Owners, bool Deleting, bool Foreground, bool Orphan)
{
    public string Url => Resource.Url(Namespace, Name);

    public static OwnedObject Of(ServedResource resource, JsonObject item)
    {
        List<string> finalizers = [.. item.Texts("metadata", "finalizers")];
        return new OwnedObject(
            resource, item.Namespace(), item.Name(), item.Uid(),
            [.. item.Items("metadata", "ownerReferences").Select(static owner => new OwnerLink(
                owner.Text("apiVersion") ?? "", owner.Text("kind") ?? "", owner.Text("name") ?? "", owner.Text("uid") ?? "", owner.Flag("blockOwnerDeletion")))],
            item.IsDeleting(), finalizers.Contains("foregroundDeletion"), finalizers.Contains("orphan"));
    }
}

/// <summary>Who owns whom, by uid, over all kinds.</summary>
internal sealed class OwnershipGraph
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, OwnedObject> _objects = [];
    private readonly Dictionary<string, HashSet<string>> _dependents = [];

    public OwnedObject? Find(string uid)
    {
        lock (_gate)
        {
            return _objects.GetValueOrDefault(uid);
        }
    }

    public List<OwnedObject> Dependents(string uid)
    {
        lock (_gate)
        {
            return _dependents.TryGetValue(uid, out var found) ? [.. found.Select(_objects.GetValueOrDefault).OfType<OwnedObject>()] : [];
        }
    }

    public void Put(OwnedObject item)
    {
        lock (_gate)
        {
            Unlink(item.Uid);
            _objects[item.Uid] = item;
            foreach (OwnerLink owner in item.Owners)
            {
                if (!_dependents.TryGetValue(owner.Uid, out var set))
                {
                    _dependents[owner.Uid] = set = [];
                }

                set.Add(item.Uid);
            }
        }
    }

    public void Remove(string uid)
    {
        lock (_gate)
        {
            Unlink(uid);
            _objects.Remove(uid);
        }
    }

    private void Unlink(string uid)
    {
        if (!_objects.TryGetValue(uid, out OwnedObject? old))
        {
            return;
        }

        foreach (OwnerLink owner in old.Owners)
        {
            if (_dependents.TryGetValue(owner.Uid, out var set) && set.Remove(uid) && set.Count == 0)
            {
                _dependents.Remove(owner.Uid);
            }
        }
    }
}
