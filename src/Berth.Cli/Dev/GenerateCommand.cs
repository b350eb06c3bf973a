using System.CommandLine;
using Berth.Api.Schema;
using Berth.Cli.Dev.Generate;

namespace Berth.Cli.Dev;

/// <summary>Writes the generated files, or says which of them are out of step with their source.</summary>
internal static class GenerateCommand
{
    // Folders that hold nothing but generated files: a file there that nothing generates is a leftover.
    private static readonly string[] WholeFolders = ["crds", "docs/reference", .. ChartFiles.Folders];

    public static Command Create()
    {
        var root = new Option<DirectoryInfo>("--root") { Description = "The repository's root.", DefaultValueFactory = _ => new(Environment.CurrentDirectory) };
        var check = new Option<bool>("--check") { Description = "Write nothing; fail when a file is out of step." };
        var command = new Command("generate", "Write CRDs and reference pages from the C# types, and what the chart copies.") { root, check };
        command.SetAction(result =>
        {
            var folder = result.GetValue(root)!.FullName;
            var types = CrdGenerator.GenerateFiles();
            var files = types.Concat(ChartFiles.Of(folder, types)).ToList();
            return result.GetValue(check) ? Check(folder, files) : Write(folder, files);
        });
        return command;
    }

    private static int Write(string root, IReadOnlyList<GeneratedFile> files)
    {
        foreach (var file in files)
        {
            var path = Path.Combine(root, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (File.Exists(path) && File.ReadAllText(path) == file.Text) continue;
            File.WriteAllText(path, file.Text);
            Console.WriteLine($"wrote {file.Path}");
        }
        foreach (var leftover in Leftovers(root, files))
        {
            File.Delete(Path.Combine(root, leftover));
            Console.WriteLine($"deleted {leftover}");
        }
        return 0;
    }

    private static int Check(string root, IReadOnlyList<GeneratedFile> files)
    {
        var wrong = files
            .Where(f => !File.Exists(Path.Combine(root, f.Path)) || File.ReadAllText(Path.Combine(root, f.Path)) != f.Text)
            .Select(f => f.Path)
            .Concat(Leftovers(root, files))
            .ToList();
        foreach (var path in wrong) Console.Error.WriteLine($"{path} is out of step with its source; run ./dev generate and commit the result.");
        return wrong.Count == 0 ? 0 : 1;
    }

    private static IEnumerable<string> Leftovers(string root, IReadOnlyList<GeneratedFile> files)
    {
        var known = files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return WholeFolders
            .Where(folder => Directory.Exists(Path.Combine(root, folder)))
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder)).Select(file => $"{folder}/{Path.GetFileName(file)}"))
            .Where(path => !known.Contains(path))
            .ToList();
    }
}
