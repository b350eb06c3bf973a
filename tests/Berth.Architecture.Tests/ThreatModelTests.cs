using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Architecture.Tests;

/// <summary>Every claim of the threat model names a test that exists.</summary>
public partial class ThreatModelTests
{
    [Fact]
    public void Every_test_named_in_the_threat_model_exists()
    {
        var named = TestName().Matches(Repository.Read("docs/threat-model.md")).Select(m => m.Groups[1].Value).Distinct(StringComparer.Ordinal).ToList();
        Assert.True(named.Count >= 20, $"only {named.Count} tests are named");
        var sources = Repository.Files("tests", "*.cs").Select(Repository.Read).ToList();
        var missing = named.Where(n => !sources.Exists(s => s.Contains($" {n}(", StringComparison.Ordinal))).ToList();
        Assert.True(missing.Count == 0, $"docs/threat-model.md names tests that do not exist: {string.Join(", ", missing)}");
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){2,})`")]
    private static partial Regex TestName();
}
