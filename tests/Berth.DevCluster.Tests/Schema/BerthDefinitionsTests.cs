using Berth.DevCluster.Http;
using Berth.DevCluster.Schema;
using Xunit;

namespace Berth.DevCluster.Tests.Schema;

/// <summary>The definitions that Berth ships must be ones that a kube-apiserver takes.</summary>
public sealed class BerthDefinitionsTests
{
    [Fact]
    public void Every_version_of_every_definition_is_valid()
    {
        var checkedVersions = 0;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root(), "crds"), "*.yaml"))
        {
            var spec = Yaml.Documents(File.ReadAllText(file)).Single()["spec"]!;
            foreach (var version in spec["versions"]!.AsArray())
            {
                var schema = version!["schema"]!["openAPIV3Schema"]!;
                var errors = SchemaCheck.Check(schema, FieldPath.Of("schema"), hasStatus: version["subresources"]?["status"] is not null);
                Assert.True(errors.Count == 0, $"{Path.GetFileName(file)}: {string.Join('\n', errors.Select(e => e.Message))}");
                checkedVersions++;
            }
        }
        Assert.True(checkedVersions >= 3, $"only {checkedVersions} versions found");
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests run outside of the repository");
    }
}
