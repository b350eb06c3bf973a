namespace Berth.Kubernetes;

/// <summary>The configuration of a process inside a pod: its mounted service account.</summary>
internal static class InClusterConfig
{
    internal const string DefaultDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static bool IsAvailable(string directory = DefaultDirectory) =>
        Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 } && File.Exists(Path.Combine(directory, "token"));

    public static KubernetesConfig Load(string directory = DefaultDirectory) => Load(
        directory, Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") ?? "", Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"));

    public static KubernetesConfig Load(string directory, string host, string? port)
    {
        var ns = Path.Combine(directory, "namespace");
        return new()
        {
            Server = new UriBuilder("https", host, int.TryParse(port, out var number) ? number : 443).Uri,
            CertificateAuthorityFile = Path.Combine(directory, "ca.crt"),
            TokenFile = Path.Combine(directory, "token"),
            Namespace = File.Exists(ns) ? File.ReadAllText(ns).Trim() : null,
        };
    }
}
