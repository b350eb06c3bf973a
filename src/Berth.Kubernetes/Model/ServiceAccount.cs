namespace Berth.Kubernetes;

/// <summary>A service account.</summary>
public sealed record ServiceAccount() : KubernetesObject("v1", "ServiceAccount");
