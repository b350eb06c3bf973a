using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>
/// What the chart renders to for a matrix of values, and the plain manifests in <c>deploy/kustomize</c>, lie in the tree: a change of a
/// template shows what it changes. <c>./dev generate</c> (or BERTH_GENERATE=1) writes them anew.
/// </summary>
public sealed partial class GoldenTests
{
    private const string Folder = "tests/Berth.Chart.Tests/Golden";
    private static readonly (string Name, string File, string Values)[] Manifests =
    [
        ("cluster", "operator.yaml", $"{Folder}/default.values.yaml"),
        ("namespaced", "operator.yaml", $"{Folder}/namespaced.values.yaml"),
    ];

    public static TheoryData<string, string> Cases => [.. Tool.All("helm").SelectMany(h => Directory.EnumerateFiles(Path.Combine(Chart.Root, Folder), "*.values.yaml").Order(StringComparer.Ordinal).Select(f => (h.Data, Path.GetFileName(f)[..^".values.yaml".Length])))];

    public static TheoryData<string> Helm => Tool.All("helm");

    private static bool Writes => Environment.GetEnvironmentVariable("BERTH_GENERATE") is { Length: > 0 };

    [Theory, MemberData(nameof(Cases))]
    public async Task The_chart_renders_to_what_lies_in_the_tree(string helm, string name)
    {
        Tool.Require(helm, "helm");
        var text = await RenderAsync(helm, $"{Folder}/{name}.values.yaml");
        await HoldAsync($"{Folder}/{name}.yaml", text);
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task Plain_manifests_are_what_the_chart_renders_to(string helm)
    {
        Tool.Require(helm, "helm");
        foreach (var (name, file, values) in Manifests)
            await HoldAsync($"deploy/kustomize/{name}/{file}", "# Written by ./dev generate from charts/berth; change it there.\n" + Plain(await RenderAsync(helm, values, "--set", "crds.install=false")));
        var crds = Directory.EnumerateFiles(Path.Combine(Chart.Root, "crds"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllText);
        await HoldAsync("deploy/kustomize/crds/crds.yaml", string.Join("---\n", crds));
    }

    /// <summary><c>./dev up --kubeconfig</c> installs the policies without which no approval is honoured, without Helm and without the rest.</summary>
    [Theory, MemberData(nameof(Helm))]
    public async Task Plain_approval_policies_are_those_of_the_chart(string helm)
    {
        Tool.Require(helm, "helm");
        var text = Plain(await RenderAsync(helm, $"{Folder}/default.values.yaml", "--set", "admission.guard.enabled=false", "--show-only", "templates/policies.yaml"));
        Assert.Equal(2, Chart.Documents(text).Count(o => (string?)o["kind"] == "ValidatingAdmissionPolicy"));
        await HoldAsync("deploy/policies/approvals.yaml", "# Written by ./dev generate from charts/berth; change it there. ./dev up installs these policies on a cluster that it did not start itself.\n" + text);
    }

    [Fact]
    public async Task Kustomize_builds_the_plain_manifests()
    {
        var kubectl = Tool.All("kubectl").First().Data;
        Tool.Require(kubectl, "kubectl");
        using var home = new Scratch();
        foreach (var (name, _, _) in Manifests)
        {
            var objects = Chart.Documents(await Tool.RunAsync(kubectl, home.Path, null, "kustomize", Path.Combine(Chart.Root, "deploy", "kustomize", name)));
            Assert.Equal(Directory.GetFiles(Path.Combine(Chart.Root, "crds"), "*.yaml").Length, objects.Count(o => (string?)o["kind"] == "CustomResourceDefinition"));
            Assert.Equal("berth-system", (string?)objects.Only("Deployment", "berth")["metadata"]!["namespace"]);
            Assert.Single(objects, o => (string?)o["kind"] == "Namespace");
            Assert.DoesNotContain(objects, o => o.ToJsonString().Contains("helm", StringComparison.OrdinalIgnoreCase));
        }
    }

    private static async Task<string> RenderAsync(string helm, string values, params string[] options)
    {
        using var home = new Scratch();
        var text = await Tool.RunAsync(helm, home.Path, null, ["template", "berth", Chart.Folder, "-n", "berth-system", "-f", Path.Combine(Chart.Root, values), .. options]);
        // The version changes with every release, and a password with every rendering. CRDs are held by themselves.
        text = Password().Replace(text, "$1PASSWORD").Replace("berth-0.1.0", "berth-VERSION", StringComparison.Ordinal);
        return string.Join("---\n", Separator().Split(text).Where(d => d.Trim().Length > 0 && !d.Contains("kind: CustomResourceDefinition", StringComparison.Ordinal)).Select(d => d.TrimEnd() + "\n"));
    }

    /// <summary>Without what is Helm's own.</summary>
    private static string Plain(string text)
    {
        var documents = text.Split("---\n").Where(d => !d.Contains("helm.sh/hook", StringComparison.Ordinal));
        return HelmLine().Replace(string.Join("---\n", documents), "");
    }

    private static async Task HoldAsync(string path, string text)
    {
        var file = Path.Combine(Chart.Root, path);
        if (Writes)
        {
            await File.WriteAllTextAsync(file, text);
            return;
        }
        Assert.True(File.Exists(file), $"{path} is missing; run ./dev generate");
        var (have, want) = ((await File.ReadAllTextAsync(file)).Split('\n'), text.Split('\n'));
        var at = Enumerable.Range(0, Math.Max(have.Length, want.Length)).FirstOrDefault(i => have.ElementAtOrDefault(i) != want.ElementAtOrDefault(i), -1);
        Assert.True(at < 0, $"{path} is out of step at line {at + 1}: it says '{have.ElementAtOrDefault(at)}', the chart says '{want.ElementAtOrDefault(at)}'; run ./dev generate, look at the difference and commit it");
    }

    [GeneratedRegex(@"(password: |Password=)\w{32}", RegexOptions.IgnoreCase)]
    private static partial Regex Password();

    [GeneratedRegex(@"^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^ *(helm\.sh/chart: .*|app\.kubernetes\.io/managed-by: Helm|# Source: .*)\n|^# Source: .*\n", RegexOptions.Multiline)]
    private static partial Regex HelmLine();
}
