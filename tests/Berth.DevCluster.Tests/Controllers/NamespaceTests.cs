using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Tests.Pods;
using Xunit;

namespace Berth.DevCluster.Tests.Controllers;

public sealed class NamespaceTests : IAsyncLifetime
{
    private PodCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await PodCluster.StartAsync(runner: false);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Every_namespace_gets_an_account_and_the_authority_also_again()
    {
        await _cluster.CreateAsync("api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"fresh"}}""");
        await _cluster.UntilAsync("api/v1/namespaces/fresh/serviceaccounts/default", static _ => true, "the account");
        JsonObject map = await _cluster.UntilAsync("api/v1/namespaces/fresh/configmaps/kube-root-ca.crt", static _ => true, "the authority");
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", map.Text("data", "ca.crt"), StringComparison.Ordinal);
        await _cluster.Api.DeleteAsync("api/v1/namespaces/fresh/configmaps/kube-root-ca.crt", null, CancellationToken.None);
        await _cluster.UntilAsync("api/v1/namespaces/fresh/configmaps/kube-root-ca.crt", item => item.Uid() != map.Uid(), "the authority again");
    }

    [Fact]
    public async Task A_namespace_goes_when_its_content_has_gone_and_says_what_holds_it()
    {
        await _cluster.CreateAsync("api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"leaving"}}""");
        await _cluster.CreateAsync("api/v1/namespaces/leaving/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}""");
        await _cluster.CreateAsync("api/v1/namespaces/leaving/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"held","finalizers":["berth.dev/test"]}}""");
        await _cluster.Api.DeleteAsync("api/v1/namespaces/leaving", null, CancellationToken.None);
        JsonObject ns = await _cluster.UntilAsync("api/v1/namespaces/leaving", static item => item.Condition("NamespaceFinalizersRemaining").Text("status") == "True", "the reason");
        Assert.Equal("Terminating", ns.Text("status", "phase"));
        Assert.Equal("Some content in the namespace has finalizers remaining: berth.dev/test in 1 resource instances", ns.Condition("NamespaceFinalizersRemaining").Text("message"));
        Assert.Null(await _cluster.Api.FindAsync("api/v1/namespaces/leaving/secrets/s", CancellationToken.None));
        await _cluster.Api.PatchAsync("api/v1/namespaces/leaving/configmaps/held", ApiClient.MergePatch, JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!, CancellationToken.None);
        await _cluster.UntilGoneAsync("api/v1/namespaces/leaving");
    }
}
