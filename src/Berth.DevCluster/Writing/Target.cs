using Berth.DevCluster.Http;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Writing;

/// <summary>What a request is about: a resource in a version, and perhaps one object and one of its subresources.</summary>
internal sealed record Target(ApiResource Resource, ServedVersion Version, string Namespace, string Name, string Subresource)
{
    public string Key => StoredObject.KeyOf(Namespace, Name);

    public StatusException NotFound() => StatusException.NotFound(Resource.Group, Resource.Plural, Name);

    public StatusException Modified() => StatusException.Modified(Resource.Group, Resource.Plural, Name);

    public StoredObject Stored() => Resource.Store.Find(Key) ?? throw NotFound();
}
