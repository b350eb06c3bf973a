using System.Security.Cryptography.X509Certificates;

namespace Berth.Kubernetes;

/// <summary>How to reach an API server and as whom. Made by <see cref="Load"/>, or by hand in tests.</summary>
public sealed record KubernetesConfig
{
    /// <summary>Base address of the API server, path prefix included.</summary>
    public required Uri Server { get; init; }

    /// <summary>Namespace of the context or of the pod; null when none is given.</summary>
    public string? Namespace { get; init; }

    /// <summary>Certificate authorities, PEM; null trusts the machine's own.</summary>
    public byte[]? CertificateAuthorityData { get; init; }

    /// <summary>File with certificate authorities, read again at each handshake so that a rotated one is used.</summary>
    public string? CertificateAuthorityFile { get; init; }

    /// <summary>Name that the server's certificate must carry instead of the host of <see cref="Server"/>; also sent as SNI and Host.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>Switches verification of the server off.</summary>
    public bool InsecureSkipTlsVerify { get; init; }

    /// <summary>Proxy (http, https, socks5); null takes the environment's.</summary>
    public Uri? ProxyUrl { get; init; }

    /// <summary>Asks for uncompressed answers.</summary>
    public bool DisableCompression { get; init; }

    /// <summary>Bearer token; <see cref="TokenFile"/> goes first.</summary>
    public string? Token { get; init; }

    /// <summary>File with a bearer token, read again every minute and after a 401.</summary>
    public string? TokenFile { get; init; }

    /// <summary>User name for basic authentication (proxies in front of an API server; Kubernetes itself has none).</summary>
    public string? Username { get; init; }

    /// <summary>Password for basic authentication.</summary>
    public string? Password { get; init; }

    /// <summary>Program that hands out credentials.</summary>
    public ExecConfig? Exec { get; init; }

    /// <summary>Client certificate.</summary>
    public PemSource? ClientCertificate { get; init; }

    /// <summary>Key of the client certificate.</summary>
    public PemSource? ClientKey { get; init; }

    /// <summary>User to act as.</summary>
    public string? ImpersonateUser { get; init; }

    /// <summary>Groups to act in.</summary>
    public IReadOnlyList<string> ImpersonateGroups { get; init; } = [];

    /// <summary>Loads a configuration: the file at <paramref name="path"/>, else the files of KUBECONFIG merged, else
    /// <c>~/.kube/config</c>, else the pod's service account.</summary>
    /// <param name="path">A kubeconfig file; it must exist.</param>
    /// <param name="context">A context other than the current one.</param>
    /// <exception cref="KubernetesConfigException">Nothing usable was found; the message says what was tried.</exception>
    public static KubernetesConfig Load(string? path = null, string? context = null)
    {
        if (!string.IsNullOrEmpty(path)) return KubeconfigReader.Read([path], mustExist: true).Resolve(context);
        var list = Environment.GetEnvironmentVariable("KUBECONFIG");
        var files = string.IsNullOrEmpty(list)
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config")]
            : list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var merged = KubeconfigReader.Read(files, mustExist: false);
        if (!merged.IsEmpty) return merged.Resolve(context);
        if (InClusterConfig.IsAvailable()) return InClusterConfig.Load();
        throw new KubernetesConfigException(
            $"No Kubernetes configuration: tried {string.Join(", ", files)} and the pod's service account. Set KUBECONFIG or name a file.");
    }

    /// <summary>The certificate authorities as they are now; null when the machine's own are to be trusted.</summary>
    internal X509Certificate2Collection? ReadAuthorities()
    {
        var pem = CertificateAuthorityFile is { } file ? File.ReadAllText(file)
            : CertificateAuthorityData is { } data ? System.Text.Encoding.UTF8.GetString(data) : null;
        if (pem is null) return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }
}
