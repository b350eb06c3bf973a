namespace Berth.Kubernetes;

/// <summary>The metadata of an object of any kind.</summary>
internal sealed record PartialObject
{
    public ObjectMeta? Metadata { get; init; }
}
