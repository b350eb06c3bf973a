using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.Cli.Dev;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;
using Berth.Cli.Yaml;
using Berth.Kubernetes;
using Xunit;

namespace Berth.Cli.Tests.Dev;

/// <summary>What README and deploy/samples/ tell people to create is what the API server takes, to the last field.</summary>
public sealed partial class ManifestTests : IAsyncLifetime
{
    private readonly Scratch scratch = new();
    private InstanceDirectory directory = null!;

    public async ValueTask InitializeAsync()
    {
        // A long path, as people have them: pods then live somewhere shorter.
        directory = new(scratch.File("a-directory-with-a-long-name-in-somebodys-home/and-another-one-below-it"));
        await UpCommand.StartAsync(new(directory.Path, null, "Host=127.0.0.1;Database=unused", 1, Operator: false, TimeSpan.FromSeconds(90)), _ => { }, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await DownCommand.StopAsync(directory);
        scratch.Dispose();
    }

    [Fact]
    public async Task Every_manifest_is_taken_as_it_stands()
    {
        var samples = Directory.EnumerateFiles(Programs.InTree("deploy/samples"), "*.yaml", SearchOption.AllDirectories).Select(f => (Source: f, Text: File.ReadAllText(f)));
        var readme = YamlBlock().Matches(File.ReadAllText(Programs.InTree("README.md"))).Select((m, i) => (Source: $"README.md, block {i + 1}", Text: m.Groups[1].Value));
        var all = samples.Concat(readme).SelectMany(s => YamlDocuments.Read(s.Text).Select(d => (s.Source, Manifest: d))).ToList();
        Assert.True(all.Count >= 7, $"only {all.Count} manifests found");
        using var client = new KubernetesClient(KubernetesConfig.Load(directory.Kubeconfig));
        foreach (var (source, manifest) in all) await TakesAsync(client, source, manifest);
    }

    [Fact]
    public void Sockets_below_the_pods_directory_have_room() => Assert.True(directory.Pods.Length <= 24, directory.Pods);

    private static async Task TakesAsync(KubernetesClient client, string source, JsonObject manifest)
    {
        var type = await client.ResolveAsync(manifest["apiVersion"]!.GetValue<string>(), manifest["kind"]!.GetValue<string>(), TestContext.Current.CancellationToken);
        try
        {
            await client.CreateAsync(type, manifest, "default", new() { DryRun = true, FieldValidation = FieldValidation.Strict }, TestContext.Current.CancellationToken);
        }
        catch (KubernetesException error)
        {
            Assert.Fail($"{source}: {error.Message}");
        }
    }

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex YamlBlock();
}
