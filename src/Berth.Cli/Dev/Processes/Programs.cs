namespace Berth.Cli.Dev.Processes;

/// <summary>Where Berth's other programs are: in the tree this one was built in, or beside this one.</summary>
internal static class Programs
{
    public static string Operator => Find("Berth.Operator");

    public static string DevCluster => Find("Berth.DevCluster");

    /// <summary>The directory of the agent's program: stands in for its image.</summary>
    public static string AgentDirectory => Path.GetDirectoryName(Find("Berth.Agent"))!;

    public static string Self => Find("Berth.Cli");

    /// <summary>The root of the source tree; null when this program was installed without it.</summary>
    public static string? Tree { get; } = FindTree();

    /// <summary>A file or folder of the source tree, such as <c>crds</c>.</summary>
    /// <exception cref="DevException">There is no source tree here.</exception>
    public static string InTree(string path) => Tree is null
        ? throw new DevException($"{path} is part of the source tree, and there is none above {AppContext.BaseDirectory}; run ./dev in a clone.")
        : Path.Combine(Tree, path);

    private static string Find(string name)
    {
        var output = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var framework = Path.GetFileName(output);
        var configuration = Path.GetFileName(Path.GetDirectoryName(output)!);
        string[] candidates = [.. Tree is null ? [] : new[] { Path.Combine(Tree, "src", name, "bin", configuration, framework, name) }, Path.Combine(output, name)];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new DevException($"{name} is not built; looked for {string.Join(" and ", candidates)}. Run 'dotnet build Operator.sln'.");
    }

    private static string? FindTree()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln"))) return folder.FullName;
        return null;
    }
}
