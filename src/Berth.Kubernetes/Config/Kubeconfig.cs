namespace Berth.Kubernetes;

/// <summary>Merged kubeconfig files.</summary>
internal sealed class Kubeconfig
{
    public string? CurrentContext { get; set; }

    public Dictionary<string, KubeconfigSection> Clusters { get; } = [];

    public Dictionary<string, KubeconfigSection> Users { get; } = [];

    public Dictionary<string, KubeconfigSection> Contexts { get; } = [];

    public bool IsEmpty => Clusters.Count == 0 && Contexts.Count == 0;

    public KubernetesConfig Resolve(string? contextName)
    {
        var name = contextName ?? CurrentContext
            ?? throw new KubernetesConfigException("No current-context is set; name one, or run: kubectl config use-context NAME");
        var context = Find(Contexts, name, "context", "the kubeconfig");
        var clusterName = context.Text("cluster") ?? throw new KubernetesConfigException($"{context.File}: context \"{name}\" names no cluster.");
        var cluster = Find(Clusters, clusterName, "cluster", $"context \"{name}\"");
        var user = context.Text("user") is { } userName ? Find(Users, userName, "user", $"context \"{name}\"") : null;
        var config = ReadCluster(cluster, clusterName) with { Namespace = context.Text("namespace") };
        return user is null ? config : WithUser(config, user);
    }

    private static KubeconfigSection Find(Dictionary<string, KubeconfigSection> entries, string name, string what, string where) =>
        entries.TryGetValue(name, out var entry) ? entry
            : throw new KubernetesConfigException($"There is no {what} \"{name}\", which {where} asks for; there are: {string.Join(", ", entries.Keys.Order())}.");

    private static KubernetesConfig ReadCluster(KubeconfigSection cluster, string name)
    {
        var config = new KubernetesConfig
        {
            Server = cluster.Address("server") ?? throw new KubernetesConfigException($"{cluster.File}: cluster \"{name}\" has no server."),
            CertificateAuthorityData = cluster.Data("certificate-authority-data"),
            TlsServerName = cluster.Text("tls-server-name"),
            InsecureSkipTlsVerify = cluster.Flag("insecure-skip-tls-verify"),
            ProxyUrl = cluster.Address("proxy-url"),
            DisableCompression = cluster.Flag("disable-compression"),
        };
        if (config.CertificateAuthorityData is null) config = config with { CertificateAuthorityFile = cluster.PathOf("certificate-authority") };
        if (config.InsecureSkipTlsVerify && (config.CertificateAuthorityData ?? (object?)config.CertificateAuthorityFile) is not null)
            throw new KubernetesConfigException($"{cluster.File}: cluster \"{name}\" has both a certificate authority and insecure-skip-tls-verify; remove one.");
        return config;
    }

    private static KubernetesConfig WithUser(KubernetesConfig config, KubeconfigSection user)
    {
        if (user.Section("auth-provider") is not null)
            throw new KubernetesConfigException($"{user.File}: auth-provider was removed from Kubernetes; use an exec plugin.");
        var key = Pem(user, "client-key");
        var certificate = Pem(user, "client-certificate");
        if (certificate is null != key is null)
            throw new KubernetesConfigException($"{user.File}: a client certificate needs both client-certificate and client-key.");
        return config with
        {
            Token = user.Text("token"),
            TokenFile = user.PathOf("tokenFile"),
            Username = user.Text("username"),
            Password = user.Text("password"),
            ClientCertificate = certificate,
            ClientKey = key,
            ImpersonateUser = user.Text("as"),
            ImpersonateGroups = user.Texts("as-groups"),
            Exec = user.Section("exec") is { } exec ? ReadExec(exec) : null,
        };
    }

    private static PemSource? Pem(KubeconfigSection user, string key) =>
        user.Data(key + "-data") is { } data ? new(null, data) : user.PathOf(key) is { } file ? new(file, null) : null;

    private static ExecConfig ReadExec(KubeconfigSection exec)
    {
        var command = exec.Text("command") ?? throw new KubernetesConfigException($"{exec.File}: exec has no command.");
        return new()
        {
            ApiVersion = exec.Text("apiVersion") ?? throw new KubernetesConfigException($"{exec.File}: exec has no apiVersion."),
            // A command with a separator is relative to the file; a bare one is looked up on PATH.
            Command = command.Contains('/', StringComparison.Ordinal) ? Path.Combine(exec.Directory, command) : command,
            Args = exec.Texts("args"),
            Env = exec.List("env").ToDictionary(static e => e.Text("name") ?? "", static e => e.Text("value") ?? ""),
            ProvideClusterInfo = exec.Flag("provideClusterInfo"),
            InteractiveMode = exec.Text("interactiveMode"),
            InstallHint = exec.Text("installHint"),
        };
    }
}
