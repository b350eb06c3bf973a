using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.RepresentationModel;

namespace Berth.DevCluster.Pods.Client;

/// <summary>What a kubeconfig's current context says about reaching one API server.</summary>
internal sealed record KubeConfig(Uri Server)
{
    public X509Certificate2Collection? Authorities { get; init; }

    public X509Certificate2? ClientCertificate { get; init; }

    public string? Token { get; init; }

    /// <summary>Re-read for each request, as the file's content rotates.</summary>
    public string? TokenFile { get; init; }

    public bool Insecure { get; init; }

    public string? TlsServerName { get; init; }

    /// <summary>The authority as PEM, for <c>kube-root-ca.crt</c>; empty when the kubeconfig names none.</summary>
    public string AuthorityPem { get; init; } = "";

    public static KubeConfig Load(string path)
    {
        var yaml = new YamlStream();
        using (var reader = new StreamReader(path))
        {
            yaml.Load(reader);
        }

        if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is not YamlMappingNode root)
        {
            throw new InvalidDataException($"kubeconfig {path} is empty; write clusters, users, contexts and current-context into it");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string current = Scalar(root, "current-context")
            ?? throw new InvalidDataException($"kubeconfig {path} has no current-context; set one with 'kubectl config use-context'");
        YamlMappingNode context = Named(root, "contexts", current, "context", path);
        YamlMappingNode cluster = Named(root, "clusters", Scalar(context, "cluster") ?? "", "cluster", path);
        YamlMappingNode user = Named(root, "users", Scalar(context, "user") ?? "", "user", path);
        string server = Scalar(cluster, "server")
            ?? throw new InvalidDataException($"kubeconfig {path}: the cluster of context '{current}' has no server");
        string authority = Pem(cluster, "certificate-authority", folder) ?? "";
        return new KubeConfig(new Uri(server.TrimEnd('/') + "/"))
        {
            AuthorityPem = authority,
            Authorities = authority.Length == 0 ? null : Import(authority),
            ClientCertificate = Certificate(user, folder),
            Token = Scalar(user, "token"),
            TokenFile = Scalar(user, "tokenFile") is { } file ? Path.Combine(folder, file) : null,
            Insecure = Scalar(cluster, "insecure-skip-tls-verify") == "true",
            TlsServerName = Scalar(cluster, "tls-server-name"),
        };
    }

    private static X509Certificate2Collection Import(string pem)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }

    private static X509Certificate2? Certificate(YamlMappingNode user, string folder)
    {
        if (Pem(user, "client-certificate", folder) is not { } certificate || Pem(user, "client-key", folder) is not { } key)
        {
            return null;
        }

        using var pair = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private static string? Pem(YamlMappingNode node, string field, string folder)
    {
        if (Scalar(node, field + "-data") is { Length: > 0 } data)
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(data));
        }

        return Scalar(node, field) is { Length: > 0 } file ? File.ReadAllText(Path.Combine(folder, file)) : null;
    }

    private static YamlMappingNode Named(YamlMappingNode root, string list, string name, string field, string path)
    {
        if (root.Children.TryGetValue(list, out YamlNode? node) && node is YamlSequenceNode entries)
        {
            foreach (YamlMappingNode entry in entries.OfType<YamlMappingNode>())
            {
                if (Scalar(entry, "name") == name && entry.Children.TryGetValue(field, out YamlNode? value) && value is YamlMappingNode found)
                {
                    return found;
                }
            }
        }

        throw new InvalidDataException($"kubeconfig {path}: {list} has no entry '{name}', which the current context names");
    }

    private static string? Scalar(YamlMappingNode node, string field) =>
        node.Children.TryGetValue(field, out YamlNode? value) && value is YamlScalarNode scalar ? scalar.Value : null;
}
