namespace Berth.Kubernetes;

/// <summary>A service account.</summary>
public sealed record ServiceAccount : KubernetesObject
{
    /// <inheritdoc />
    public override string ApiVersion => "v1";

    /// <inheritdoc />
    public override string Kind => "ServiceAccount";
}
