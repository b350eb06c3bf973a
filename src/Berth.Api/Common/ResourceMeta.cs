using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Api;

/// <summary>The part of Kubernetes object metadata that Berth reads. Unknown fields survive in <see cref="Extra"/>.</summary>
public sealed record ResourceMeta
{
    /// <summary>Name, unique in its namespace among living objects of its kind.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Prefix from which the server makes a name.</summary>
    public string? GenerateName { get; init; }

    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Identity of this object in space and time; a new object of the same name has another.</summary>
    public string Uid { get; init => field = value ?? ""; } = "";

    /// <summary>Opaque version for compare-and-swap.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Raised by the server when the spec changes.</summary>
    public long Generation { get; init; }

    /// <summary>When the server stored the object; whole seconds.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set once deletion was asked for; the object stays until its finalizers are gone.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Finalizers.</summary>
    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>Owners.</summary>
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    /// <summary>Fields this record does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Extra { get; set; }
}

/// <summary>A reference to an owner in the same namespace.</summary>
public sealed record OwnerReference
{
    /// <summary>API version of the owner.</summary>
    public string ApiVersion { get; init => field = value ?? ""; } = "";

    /// <summary>Kind of the owner.</summary>
    public string Kind { get; init => field = value ?? ""; } = "";

    /// <summary>Name of the owner.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Uid of the owner.</summary>
    public string Uid { get; init => field = value ?? ""; } = "";

    /// <summary>Whether this owner is the managing controller.</summary>
    public bool? Controller { get; init; }

    /// <summary>Whether foreground deletion of the owner waits for this object.</summary>
    public bool? BlockOwnerDeletion { get; init; }
}
