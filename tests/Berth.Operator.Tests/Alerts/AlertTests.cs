using Xunit;

namespace Berth.Operator.Tests.Alerts;

public class AlertTests
{
    public static TheoryData<string> Names() => [.. AlertCatalog.All.Select(a => a.Name)];

    [Fact]
    public void The_rules_are_written_from_the_catalogue() => Repository.Holds(RulesFile.Path, RulesFile.Rules());

    [Fact]
    public async Task Promtool_accepts_the_rules()
    {
        Assert.SkipUnless(Promtool.Exists, "promtool is missing: install Debian's package prometheus");
        var (code, output) = await Promtool.RunAsync(["check", "rules", Repository.Path(RulesFile.Path)]);
        Assert.True(code == 0, output);
        Assert.Contains($"{AlertCatalog.All.Count} rules found", output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Names))]
    public Task It_fires_when_it_should(string name) => RunAsync(name, fires: true);

    [Theory, MemberData(nameof(Names))]
    public Task It_is_quiet_when_it_should_be(string name) => RunAsync(name, fires: false);

    [Theory, MemberData(nameof(Names))]
    public void Its_runbook_says_what_it_means_how_to_see_and_what_to_do(string name)
    {
        var alert = AlertCatalog.All.Single(a => a.Name == name);
        var page = File.ReadAllText(Repository.Path($"docs/runbooks/{alert.Runbook}.md"));
        Assert.Contains(alert.Name, page, StringComparison.Ordinal);
        foreach (var heading in new[] { "## What it means", "## How to see", "## What to do" }) Assert.Contains(heading, page, StringComparison.Ordinal);
    }

    [Fact]
    public void No_runbook_is_without_an_alert() =>
        Assert.Equal(AlertCatalog.All.Select(a => a.Runbook).Order(StringComparer.Ordinal), Directory.GetFiles(Repository.Path("docs/runbooks"), "*.md").Select(Path.GetFileNameWithoutExtension).Where(p => p != "README").Order(StringComparer.Ordinal));

    private static async Task RunAsync(string name, bool fires)
    {
        Assert.SkipUnless(Promtool.Exists, "promtool is missing: install Debian's package prometheus");
        var alert = AlertCatalog.All.Single(a => a.Name == name);
        var file = Path.Combine(Path.GetTempPath(), $"berth-alert-{Guid.NewGuid():n}.yaml");
        try
        {
            await File.WriteAllTextAsync(file, RulesFile.Test(Repository.Path(RulesFile.Path), alert, fires));
            var (code, output) = await Promtool.RunAsync(["test", "rules", file]);
            Assert.True(code == 0, $"{name} should {(fires ? "fire" : "be quiet")}:\n{output}");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
