namespace Berth.Kubernetes;

/// <summary>A kubeconfig cannot be used; the message names the file, the entry and the remedy.</summary>
public sealed class KubernetesConfigException : Exception
{
    /// <summary>With a message.</summary>
    public KubernetesConfigException(string message) : base(message) { }

    /// <summary>With a message and a cause.</summary>
    public KubernetesConfigException(string message, Exception inner) : base(message, inner) { }

    /// <summary>Without a message.</summary>
    public KubernetesConfigException() { }
}
