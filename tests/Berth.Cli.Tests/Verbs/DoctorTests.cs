using System.Text.Json.Nodes;
using Berth.Cli.Verbs.Doctor;
using Xunit;

namespace Berth.Cli.Tests.Verbs;

/// <summary>The doctor against a cluster in this process that has Berth's CRDs and no operator.</summary>
public sealed class DoctorTests
{
    [Fact]
    public async Task Without_an_operator_it_says_so_with_a_remedy_and_ends_with_1()
    {
        using var scratch = new Scratch();
        await using var cluster = await DevCluster.DevCluster.StartAsync(new() { Crds = Path.Combine(Root(AppContext.BaseDirectory), "crds") });
        await File.WriteAllTextAsync(scratch.File("kubeconfig"), cluster.AdminKubeconfig, TestContext.Current.CancellationToken);
        var (code, output) = await Captured.RunAsync("doctor", "-o", "json", "--kubeconfig", scratch.File("kubeconfig"));
        Assert.Equal(ExitCodes.Failed, code);
        var findings = JsonNode.Parse(output)!["findings"]!.AsArray().OfType<JsonObject>().ToList();
        Assert.Equal("ok", Verdict(findings, Checks.ApiAccess));
        Assert.Equal("ok", Verdict(findings, "CRDs"));
        Assert.Equal("bad", Verdict(findings, "leader"));
        Assert.Equal("warning", Verdict(findings, "views"));
        Assert.Equal("unknown", Verdict(findings, "database"));
        Assert.Equal("warning", Verdict(findings, "pools"));
        Assert.All(findings.Where(f => (string?)f["verdict"] is "bad" or "warning"), f => Assert.NotNull(f["remedy"]));
        Assert.Equal(Checks.All.Select(c => c.Name), findings.Select(f => (string)f["check"]!).Distinct());
    }

    [Fact]
    public async Task Without_CRDs_each_is_named()
    {
        using var scratch = new Scratch();
        await using var cluster = await DevCluster.DevCluster.StartAsync(new());
        await File.WriteAllTextAsync(scratch.File("kubeconfig"), cluster.AdminKubeconfig, TestContext.Current.CancellationToken);
        var (code, output) = await Captured.RunAsync("doctor", "-o", "json", "--kubeconfig", scratch.File("kubeconfig"));
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Equal(3, JsonNode.Parse(output)!["findings"]!.AsArray().Count(f => (string?)f!["check"] == "CRDs" && (string?)f["verdict"] == "bad"));
    }

    private static string? Verdict(IEnumerable<JsonObject> findings, string check) => (string?)findings.First(f => (string?)f["check"] == check)["verdict"];

    private static string Root(string from) => File.Exists(Path.Combine(from, "Operator.sln")) ? from : Root(Directory.GetParent(from)!.FullName);
}
