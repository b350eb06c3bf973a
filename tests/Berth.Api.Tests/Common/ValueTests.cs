using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Api.Tests.Common;

public class ValueTests
{
    [Theory]
    [InlineData("90s", 90_000)]
    [InlineData("10m", 600_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("500ms", 500)]
    [InlineData("1m500ms", 60_500)]
    public void Durations_are_read(string text, long milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var value));
        Assert.Equal(milliseconds, (long)value.TotalMilliseconds);
        Assert.Matches(new Regex(Durations.Pattern), text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("1d")]
    [InlineData("1.5h")]
    [InlineData("-1s")]
    [InlineData("h")]
    [InlineData("9999999999s")]
    public void Anything_else_is_no_duration(string text)
    {
        Assert.False(Durations.TryParse(text, out _));
        Assert.DoesNotMatch(new Regex(Durations.Pattern), text);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1048576", 1_048_576)]
    [InlineData("1k", 1_000)]
    [InlineData("1Ki", 1_024)]
    [InlineData("500Mi", 524_288_000)]
    [InlineData("2G", 2_000_000_000)]
    [InlineData("10Gi", 10_737_418_240)]
    [InlineData("1Pi", 1_125_899_906_842_624)]
    public void Quantities_of_bytes_are_read(string text, long bytes)
    {
        Assert.True(Quantities.TryParse(text, out var value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Gi")]
    [InlineData("10GiB")]
    [InlineData("10gi")]
    [InlineData("10ki")]
    [InlineData("10K")]
    [InlineData("1.5Gi")]
    [InlineData("-1")]
    [InlineData("10 Gi")]
    [InlineData("999999999999999P")]
    public void Anything_else_is_no_quantity(string? text) => Assert.False(Quantities.TryParse(text, out _));

    [Fact]
    public void A_digest_has_one_form()
    {
        var digest = Digests.Of("berth");
        Assert.True(Digests.IsValid(digest));
        Assert.Matches(new Regex(Digests.Pattern), digest);
        Assert.False(Digests.IsValid(digest.ToUpperInvariant()));
        Assert.False(Digests.IsValid(digest[..^1]));
        Assert.StartsWith(Digests.Short(digest), digest, StringComparison.Ordinal);
    }

    [Fact]
    public void The_canonical_form_does_not_depend_on_order_of_keys()
    {
        var one = new Manifest { TaskUid = "u", Run = 1, Command = ["apply"], Env = new Dictionary<string, string> { ["a"] = "1", ["B"] = "2" } };
        var two = one with { Env = new Dictionary<string, string> { ["B"] = "2", ["a"] = "1" } };
        Assert.Equal(one.ToCanonicalJson(), two.ToCanonicalJson());
        Assert.Equal(one.Digest(), two.Digest());
        Assert.NotEqual(one.Digest(), (one with { Run = 2 }).Digest());
        Assert.Equal(one.Digest(), Manifest.Parse(one.ToCanonicalJson())!.Digest());
    }
}
