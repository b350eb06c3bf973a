using YamlDotNet.RepresentationModel;

namespace Berth.Cli.Dev.Stack;

/// <summary>Copies a kubeconfig elsewhere: the files it names relative to itself stay the same files.</summary>
internal static class KubeconfigCopy
{
    private static readonly string[] FileFields = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

    public static void Write(string source, string target)
    {
        if (!File.Exists(source)) throw new DevException($"--kubeconfig: there is no file {source}.");
        var stream = new YamlStream();
        using (var reader = new StreamReader(source)) stream.Load(reader);
        foreach (var document in stream.Documents) MakeAbsolute(document.RootNode, Path.GetDirectoryName(source)!);
        using var writer = new StreamWriter(File.Open(target, OwnersOnly()));
        stream.Save(writer, assignAnchors: false);
    }

    // It holds credentials.
    internal static FileStreamOptions OwnersOnly()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private static void MakeAbsolute(YamlNode node, string folder)
    {
        if (node is YamlSequenceNode list)
            foreach (var item in list) MakeAbsolute(item, folder);
        if (node is not YamlMappingNode map) return;
        foreach (var (key, value) in map.Children)
        {
            if (value is YamlScalarNode { Value: { Length: > 0 } path } file && key is YamlScalarNode { Value: { } name } && FileFields.Contains(name)) file.Value = Path.GetFullPath(path, folder);
            else MakeAbsolute(value, folder);
        }
    }
}
