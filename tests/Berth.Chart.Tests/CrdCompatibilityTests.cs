using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>The CRDs of this tree against those of the last release, which lie in <c>Released/VERSION</c>.</summary>
public sealed class CrdCompatibilityTests
{
    private const string Released = "tests/Berth.Chart.Tests/Released";

    // What a release breaks knowingly, in the words of the check, each with why nobody is hurt.
    private static readonly string[] Known = [];

    public static TheoryData<string> Releases => [.. Directory.GetDirectories(Path.Combine(Chart.Root, Released)).Select(d => Path.GetFileName(d)!).OrderDescending(StringComparer.Ordinal).Take(1)];

    [Theory, MemberData(nameof(Releases))]
    public void Objects_of_the_last_release_stay_valid(string release)
    {
        var files = Directory.GetFiles(Path.Combine(Chart.Root, Released, release), "*.yaml");
        Assert.NotEmpty(files);
        var breaks = files.SelectMany(f => File.Exists(Now(f))
            ? CrdCompatibility.Breaks(Crd(f), Crd(Now(f))).Select(b => $"{Path.GetFileNameWithoutExtension(f)}: {b}")
            : [$"{Path.GetFileName(f)} is gone"]);
        Assert.Empty(breaks.Except(Known));

        static string Now(string file) => Path.Combine(Chart.Root, "crds", Path.GetFileName(file));
    }

    [Theory]
    [InlineData("""{"name":"spec.size","remove":true}""", "v1.spec.size is gone")]
    [InlineData("""{"name":"spec.size","maximum":5}""", "v1.spec.size: maximum was 9 and is 5")]
    [InlineData("""{"name":"spec.size","maximum":50}""", "")]
    [InlineData("""{"name":"spec.size","minimum":1}""", "v1.spec.size: minimum was absent and is 1")]
    [InlineData("""{"name":"spec.size","type":"string"}""", "v1.spec.size: type was \"integer\" and is \"string\"")]
    [InlineData("""{"name":"spec.mode","enum":["A"]}""", "v1.spec.mode: \"B\" is no longer allowed")]
    [InlineData("""{"name":"spec.mode","enum":["A","B","C"]}""", "")]
    [InlineData("""{"name":"spec.mode","default":"B"}""", "v1.spec.mode: the default was \"A\" and is \"B\"")]
    [InlineData("""{"name":"spec","required":["size"]}""", "v1.spec: \"size\" is required now")]
    [InlineData("""{"name":"spec","x-kubernetes-validations":[{"rule":"self.size > 1"}]}""", "v1.spec: has a new rule self.size > 1")]
    [InlineData("""{"name":"spec","x-kubernetes-validations":[{"rule":"has(self.colour) == has(oldSelf.colour)"}]}""", "")]
    [InlineData("""{"name":"spec.colour","type":"string"}""", "")]
    public void A_break_is_named_and_an_addition_is_none(string change, string says)
    {
        static JsonObject Crd() => JsonNode.Parse("""
            {"spec":{"group":"g","scope":"Namespaced","names":{"kind":"W"},"versions":[{"name":"v1","served":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{
            "spec":{"type":"object","properties":{"size":{"type":"integer","maximum":9},"mode":{"type":"string","enum":["A","B"],"default":"A"}}}}}}}]}}
            """)!.AsObject();
        var (newer, changes) = (Crd(), JsonNode.Parse(change)!.AsObject());
        var path = ((string)changes["name"]!).Split('.');
        var at = newer["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();
        foreach (var part in path[..^1]) at = at["properties"]![part]!.AsObject();
        var properties = at["properties"]!.AsObject();
        if (changes["remove"] is not null) properties.Remove(path[^1]);
        else
        {
            if (properties[path[^1]] is not JsonObject) properties[path[^1]] = new JsonObject();
            foreach (var (key, value) in changes.Where(c => c.Key != "name")) properties[path[^1]]![key] = value!.DeepClone();
        }
        Assert.Equal(says, string.Join('\n', CrdCompatibility.Breaks(Crd(), newer)));
    }

    private static JsonObject Crd(string file) => Chart.Documents(File.ReadAllText(file)).Single();
}
