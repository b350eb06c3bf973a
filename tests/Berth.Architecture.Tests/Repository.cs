namespace Berth.Architecture.Tests;

/// <summary>The working tree the tests were built from.</summary>
internal static class Repository
{
    private static readonly string[] BuildOutput = ["bin", "obj", ".git", ".berth", "TestResults", "node_modules"];

    public static string Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static bool Exists(string path) => File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path));

    /// <summary>Files of the tree by their path below the root, build output left out.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
    {
        var start = Path.Combine(Root, folder);
        if (!Directory.Exists(start)) yield break;
        foreach (var file in Directory.EnumerateFiles(start, pattern)) yield return Path.GetRelativePath(Root, file);
        foreach (var child in Directory.EnumerateDirectories(start).Where(d => !BuildOutput.Contains(Path.GetFileName(d))))
            foreach (var file in Files(Path.GetRelativePath(Root, child), pattern)) yield return file;
    }

    /// <summary>The C# files that people write.</summary>
    public static IEnumerable<string> Sources() => Files("src", "*.cs").Concat(Files("tests", "*.cs")).Where(p => !p.Contains("/Migrations/", StringComparison.Ordinal));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No Operator.sln above {AppContext.BaseDirectory}.");
    }
}
