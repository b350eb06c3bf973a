using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Berth.Kubernetes;

/// <summary>Reads and merges kubeconfig files the way kubectl does: the first file that says something wins, and relative paths
/// belong to the file that holds them.</summary>
internal static class KubeconfigReader
{
    public static Kubeconfig Read(IEnumerable<string> files, bool mustExist)
    {
        var merged = new Kubeconfig();
        foreach (var file in files)
        {
            if (!File.Exists(file))
            {
                if (mustExist) throw new KubernetesConfigException($"{file} does not exist; name a kubeconfig file that does.");
                continue;
            }
            Merge(merged, file);
        }
        return merged;
    }

    private static void Merge(Kubeconfig merged, string file)
    {
        var yaml = new YamlStream();
        try
        {
            using var reader = new StreamReader(file);
            yaml.Load(reader);
        }
        catch (YamlException error)
        {
            throw new KubernetesConfigException($"{file} is not valid YAML: {error.Message}", error);
        }
        if (yaml.Documents is not [{ RootNode: YamlMappingNode root }, ..]) return;
        var source = new KubeconfigSection(root, Path.GetDirectoryName(Path.GetFullPath(file))!, file);
        merged.CurrentContext ??= source.Text("current-context");
        Add(merged.Clusters, source, "clusters", "cluster");
        Add(merged.Users, source, "users", "user");
        Add(merged.Contexts, source, "contexts", "context");
    }

    private static void Add(Dictionary<string, KubeconfigSection> into, KubeconfigSection source, string list, string item)
    {
        foreach (var entry in source.List(list))
        {
            var name = entry.Text("name") ?? throw new KubernetesConfigException($"{source.File}: an entry of \"{list}\" has no name.");
            into.TryAdd(name, entry.Section(item) ?? new KubeconfigSection([], source.Directory, source.File));
        }
    }
}
