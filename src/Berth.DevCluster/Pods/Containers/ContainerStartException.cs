namespace Berth.DevCluster.Pods.Containers;

/// <summary>A container could not be created or started; the reason becomes the container status's reason.</summary>
internal sealed class ContainerStartException(string message, string reason = "StartError") : Exception(message)
{
    /// <summary><c>StartError</c> counts as a run that failed; every other reason is a waiting state that is tried again.</summary>
    public string Reason { get; } = reason;
}
