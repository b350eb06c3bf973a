using System.Text;
using System.Text.Json.Serialization.Metadata;

namespace Berth.Kubernetes;

/// <summary>Group, version, plural, kind and scope of a resource: all that is needed to form its URLs.</summary>
public abstract class ResourceType
{
    private protected ResourceType(string group, string version, string plural, string kind, bool namespaced)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentException.ThrowIfNullOrEmpty(version);
        ArgumentException.ThrowIfNullOrEmpty(plural);
        ArgumentException.ThrowIfNullOrEmpty(kind);
        (Group, Version, Plural, Kind, IsNamespaced) = (group, version, plural, kind, namespaced);
        ApiVersion = group.Length == 0 ? version : $"{group}/{version}";
    }

    /// <summary>The API group; empty for the core group.</summary>
    public string Group { get; }

    /// <summary>The API version, such as <c>v1</c>.</summary>
    public string Version { get; }

    /// <summary>The plural resource name of the URL, such as <c>pods</c>.</summary>
    public string Plural { get; }

    /// <summary>The kind, such as <c>Pod</c>.</summary>
    public string Kind { get; }

    /// <summary>Whether objects live in namespaces.</summary>
    public bool IsNamespaced { get; }

    /// <summary>Group and version as they stand in an object.</summary>
    public string ApiVersion { get; }

    /// <summary>The URL path of one object, or of a subresource of it.</summary>
    public string PathOf(ObjectKey key, string? subresource = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(key.Name);
        if (IsNamespaced && string.IsNullOrEmpty(key.Namespace))
            throw new ArgumentException($"{Kind} is namespaced: the key of \"{key.Name}\" needs a namespace.", nameof(key));
        var path = Collection(key.Namespace).Append('/').Append(Uri.EscapeDataString(key.Name));
        return (subresource is null ? path : path.Append('/').Append(subresource)).ToString();
    }

    /// <summary>The URL path of the collection, in one namespace or (null) in all.</summary>
    public string PathOfCollection(string? ns) => Collection(ns).ToString();

    /// <summary><c>plural.group</c>, or <c>plural</c> in the core group.</summary>
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    private StringBuilder Collection(string? ns)
    {
        var path = new StringBuilder(Group.Length == 0 ? "/api/" : "/apis/").Append(ApiVersion);
        if (IsNamespaced && !string.IsNullOrEmpty(ns)) path.Append("/namespaces/").Append(Uri.EscapeDataString(ns));
        return path.Append('/').Append(Plural);
    }
}

/// <summary>Describes a resource to the client, the informers and the tools: how its URLs look, how its JSON is read, and where its
/// identity is. <typeparamref name="T"/> may be any class; nothing needs to be inherited.</summary>
/// <typeparam name="T">The record of one object; treat it as immutable, caches share it.</typeparam>
public sealed class ResourceType<T> : ResourceType where T : class
{
    private readonly Func<T, ObjectIdentity> _identify;

    /// <summary>Describes a resource.</summary>
    /// <param name="group">API group; empty for the core group.</param>
    /// <param name="version">API version.</param>
    /// <param name="plural">Plural resource name.</param>
    /// <param name="kind">Kind.</param>
    /// <param name="namespaced">Whether objects live in namespaces.</param>
    /// <param name="json">Source-generated JSON contract of <typeparamref name="T"/>; it must write apiVersion and kind.</param>
    /// <param name="identify">Reads namespace, name, uid and resourceVersion.</param>
    public ResourceType(string group, string version, string plural, string kind, bool namespaced, JsonTypeInfo<T> json, Func<T, ObjectIdentity> identify)
        : base(group, version, plural, kind, namespaced)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(identify);
        (Json, _identify) = (json, identify);
    }

    /// <summary>Whether <c>metadata.managedFields</c> is left out when objects are read. Tools that show it say no.</summary>
    public bool DropsManagedFields { get; init; } = true;

    /// <summary>The JSON contract.</summary>
    public JsonTypeInfo<T> Json { get; }

    /// <summary>Namespace, name, uid and resourceVersion of an object.</summary>
    public ObjectIdentity Identify(T value) => _identify(value);

    /// <summary>The key of an object.</summary>
    public ObjectKey KeyOf(T value) => _identify(value).Key;

    /// <summary>A reference to an object, for events and the like.</summary>
    public ObjectReference ReferenceTo(T value)
    {
        var id = _identify(value);
        return new() { ApiVersion = ApiVersion, Kind = Kind, Namespace = id.Key.Namespace, Name = id.Name, Uid = id.Uid, ResourceVersion = id.ResourceVersion };
    }
}
