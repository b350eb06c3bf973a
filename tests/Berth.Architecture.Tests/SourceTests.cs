using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Architecture.Tests;

public partial class SourceTests
{
    private const int MostLines = 400;

    // Written in two halves, so that this file does not hold what it forbids.
    private static readonly string[] Unfinished = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Exception", "HA" + "CK:"];

    // A whole name such as Manager (of fields, in server-side apply) is Kubernetes' own term; as a suffix it says nothing.
    private static readonly string[] VagueNames = ["Manager", "Helper", "Helpers", "Utils", "Util", "Utilities"];

    // The first process of a slot is small and has no thread pool to give back to: it asks /proc again after a pause.
    private const string Runner = "src/Berth.Agent/Runner/";

    public static TheoryData<string> Folders() => [.. Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src")).Concat(Directory.EnumerateDirectories(Path.Combine(Repository.Root, "tests"))).Select(d => Path.GetRelativePath(Repository.Root, d)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Folders))]
    public void Files_are_short(string folder) => Check(folder, (_, text) => text.Count(c => c == '\n') > MostLines ? $"has more than {MostLines} lines" : null);

    [Theory, MemberData(nameof(Folders))]
    public void Nothing_is_left_unfinished(string folder) =>
        Check(folder, (_, text) => Unfinished.FirstOrDefault(w => Regex.IsMatch(text, $@"\b{w}")) is { } word ? $"says {word}" : null);

    [Theory, MemberData(nameof(Folders))]
    public void No_error_is_swallowed(string folder) => Check(folder, (_, text) => EmptyCatch().IsMatch(text) ? "has a catch block for any exception with nothing in it" : null);

    [Theory, MemberData(nameof(Folders))]
    public void Nobody_sleeps_instead_of_waiting_for_a_condition(string folder) =>
        Check(folder, (path, text) => !path.StartsWith(Runner, StringComparison.Ordinal) && text.Contains("Thread." + "Sleep", StringComparison.Ordinal) ? "sleeps a thread" : null);

    [Theory, MemberData(nameof(Folders))]
    public void Types_have_telling_names(string folder) =>
        Check(folder, (path, _) => VagueNames.FirstOrDefault(n => Path.GetFileNameWithoutExtension(path) is { } type && type != n && type.EndsWith(n, StringComparison.Ordinal)) is { } name ? $"is named …{name}" : null);

    [Theory, MemberData(nameof(Folders))]
    public void Namespaces_are_file_scoped(string folder) => Check(folder, (_, text) => BlockNamespace().IsMatch(text) ? "has a namespace with braces" : null);

    private static void Check(string folder, Func<string, string, string?> complaint)
    {
        var complaints = Repository.Sources()
            .Where(p => p.StartsWith(folder + "/", StringComparison.Ordinal))
            .Select(p => (Path: p, Says: complaint(p, Repository.Read(p))))
            .Where(c => c.Says is not null)
            .Select(c => $"{c.Path} {c.Says}")
            .ToList();
        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
    }

    [GeneratedRegex(@"catch\s*(\(\s*Exception(\s+\w+)?\s*\)\s*)?\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"^namespace\s+[\w.]+\s*(\{|$)", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();
}
