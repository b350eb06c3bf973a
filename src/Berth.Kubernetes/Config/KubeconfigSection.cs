using YamlDotNet.RepresentationModel;

namespace Berth.Kubernetes;

/// <summary>A mapping of a kubeconfig file, with the directory that its relative paths belong to.</summary>
internal sealed class KubeconfigSection(YamlMappingNode node, string directory, string file)
{
    public string Directory { get; } = directory;

    public string File { get; } = file;

    public string? Text(string key) => Find(key) is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;

    public bool Flag(string key) => bool.TryParse(Text(key), out var value) && value;

    public string? PathOf(string key) => Text(key) is { } path ? Path.Combine(Directory, path) : null;

    public byte[]? Data(string key)
    {
        if (Text(key) is not { } text) return null;
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException error)
        {
            throw new KubernetesConfigException($"{File}: {key} is not base64.", error);
        }
    }

    public Uri? Address(string key) => Text(key) is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri
        : throw new KubernetesConfigException($"{File}: {key} \"{text}\" is not an absolute URL.");

    public KubeconfigSection? Section(string key) => Find(key) is YamlMappingNode map ? new(map, Directory, File) : null;

    public IEnumerable<KubeconfigSection> List(string key) => Find(key) is YamlSequenceNode list
        ? list.OfType<YamlMappingNode>().Select(map => new KubeconfigSection(map, Directory, File))
        : [];

    public IReadOnlyList<string> Texts(string key) => Find(key) is YamlSequenceNode list
        ? [.. list.OfType<YamlScalarNode>().Select(static scalar => scalar.Value ?? "")]
        : [];

    private YamlNode? Find(string key) => node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;
}
