using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>
/// The commands of the operator's pages, run as they stand there. kubectl is real. Helm's install and upgrade are rendered against the cluster
/// and not done, its other verbs left out: they are done for good in <see cref="LifecycleTests"/>. Images are not built here.
/// </summary>
public sealed partial class PagesTests
{
    // A release that is there before; not for the page that installs one.
    public static TheoryData<string, bool> Pages => new() { { "install.md", false }, { "secure.md", true }, { "upgrade.md", true }, { "tune.md", true } };

    [Theory, MemberData(nameof(Pages))]
    public async Task Commands_of_a_page_work(string page, bool installed)
    {
        var helm = Tool.All("helm").First().Data;
        await using var site = await Site.StartAsync(helm);
        await site.AdminAsync("create", "namespace", "team");
        if (installed)
        {
            await site.InstallAsync("--set", "replicas=0", "--set", Chart.WithDatabase);
            await site.CreateAsync(site.Admin, "default", Certificates);
            await site.CreateAsync(site.Admin, "team", Work.Pool("terraform"));
        }
        var folder = await CopyAsync(site);
        var bin = await ToolsAsync(site, helm);
        var blocks = Blocks(page).Where(b => !b.Contains("docker", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(blocks);
        foreach (var block in blocks)
        {
            // Pages create the same namespace more than once, each section for itself.
            var script = $"set -euo pipefail\ncd {folder}\nexport PATH={bin}:$PATH\n" + Namespace().Replace(block, "kubectl get namespace $1 || kubectl create namespace $1");
            var (code, output, error) = await Tool.TryAsync("bash", site.Shared, site.Admin, "-c", script);
            Assert.True(code == 0, $"{page}:\n{block}\nended with {code}: {error}{output}");
        }
    }

    /// <summary>The commands of a page, block by block.</summary>
    internal static IReadOnlyList<string> Blocks(string page) => [.. Block().Matches(Chart.Read("docs/" + page)).Select(m => m.Groups[1].Value)];

    private static async Task<string> CopyAsync(Site site)
    {
        var copy = Path.Combine(site.Shared, "tree");
        foreach (var part in new[] { "charts", "deploy/kustomize" })
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Chart.Root, part), "*", SearchOption.AllDirectories))
            {
                var to = Path.Combine(copy, Path.GetRelativePath(Chart.Root, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                await File.WriteAllBytesAsync(to, await File.ReadAllBytesAsync(file));
            }
        return copy;
    }

    private static async Task<string> ToolsAsync(Site site, string helm)
    {
        var bin = Directory.CreateDirectory(Path.Combine(site.Shared, "bin")).FullName;
        await site.FileAsync("bin/helm", $"""
            #!/bin/sh
            case "$1" in
              install) shift; exec {helm} template "$@" ;;
              upgrade) shift; exec {helm} upgrade --dry-run=server "$@" ;;
              test|rollback|uninstall) exit 0 ;;
              *) exec {helm} "$@" ;;
            esac
            """);
        await site.FileAsync("bin/kubectl", $"#!/bin/sh\nexec {Tool.All("kubectl").First().Data} \"$@\"\n");
        foreach (var tool in Directory.EnumerateFiles(bin)) File.SetUnixFileMode(tool, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return bin;
    }

    // Enough of cert-manager to render against.
    private const string Certificates = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: certificates.cert-manager.io}
        spec:
          group: cert-manager.io
          scope: Namespaced
          names: {kind: Certificate, plural: certificates, singular: certificate, listKind: CertificateList}
          versions:
            - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
        """;

    [GeneratedRegex(@"kubectl create namespace ([\w-]+)$", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
