using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Tests.Pods;
using Xunit;

namespace Berth.DevCluster.Tests.Controllers;

public sealed class GarbageCollectionTests : IAsyncLifetime
{
    private const string Maps = "api/v1/namespaces/default/configmaps";

    private PodCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await PodCluster.StartAsync(runner: false);

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private Task<JsonObject> MapAsync(string name, params JsonObject[] owners) => MapInAsync("default", name, [], owners);

    private Task<JsonObject> MapInAsync(string ns, string name, string[] finalizers, params JsonObject[] owners) => _cluster.Api.CreateAsync(
        $"api/v1/namespaces/{ns}/configmaps",
        new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["finalizers"] = finalizers.Select(static item => (JsonNode)item).ToJsonArray(),
                ["ownerReferences"] = owners.Select(static owner => (JsonNode)new JsonObject
                {
                    ["apiVersion"] = owner.Text("apiVersion"),
                    ["kind"] = owner.Text("kind"),
                    ["name"] = owner.Name(),
                    ["uid"] = owner.Uid(),
                    ["blockOwnerDeletion"] = true,
                }).ToJsonArray(),
            },
        }, CancellationToken.None);

    private Task DeleteAsync(string name, string policy) =>
        _cluster.Api.DeleteAsync($"{Maps}/{name}", new JsonObject { ["propagationPolicy"] = policy }, CancellationToken.None);

    private Task<JsonObject?> FindAsync(string name) => _cluster.Api.FindAsync($"{Maps}/{name}", CancellationToken.None);

    [Fact]
    public async Task Background_takes_dependents_and_theirs()
    {
        JsonObject owner = await MapAsync("owner");
        await MapAsync("grandchild", await MapAsync("child", owner));
        await DeleteAsync("owner", "Background");
        await _cluster.UntilGoneAsync($"{Maps}/child");
        await _cluster.UntilGoneAsync($"{Maps}/grandchild");
    }

    [Fact]
    public async Task Foreground_keeps_the_owner_until_the_last_dependent_is_gone()
    {
        JsonObject owner = await MapAsync("owner");
        await MapInAsync("default", "child", ["berth.dev/test"], owner);
        await DeleteAsync("owner", "Foreground");
        await _cluster.UntilAsync($"{Maps}/child", static item => item.IsDeleting(), "the child to be deleted");
        JsonObject? kept = await FindAsync("owner");
        Assert.Equal(["foregroundDeletion"], kept.Texts("metadata", "finalizers"));
        await _cluster.Api.PatchAsync($"{Maps}/child", ApiClient.MergePatch, JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!, CancellationToken.None);
        await _cluster.UntilGoneAsync($"{Maps}/owner");
        Assert.Null(await FindAsync("child"));
    }

    [Fact]
    public async Task Orphaned_dependents_stay_and_forget_the_owner()
    {
        JsonObject owner = await MapAsync("owner"), other = await MapAsync("other");
        await MapAsync("child", owner, other);
        // The collector must know of the child, as with a real one.
        await Task.Delay(300);
        await DeleteAsync("owner", "Orphan");
        await _cluster.UntilGoneAsync($"{Maps}/owner");
        JsonObject? child = await FindAsync("child");
        Assert.Equal(other.Uid(), Assert.Single(child.Items("metadata", "ownerReferences")).Text("uid"));
    }

    [Fact]
    public async Task One_owner_left_is_enough_and_the_lost_one_is_struck()
    {
        JsonObject owner = await MapAsync("owner"), other = await MapAsync("other");
        await MapAsync("child", owner, other);
        await DeleteAsync("owner", "Background");
        JsonObject child = await _cluster.UntilAsync($"{Maps}/child", static item => item.Items("metadata", "ownerReferences").Count() == 1, "the reference to go");
        Assert.Equal(other.Uid(), child.Items("metadata", "ownerReferences").Single().Text("uid"));
        Assert.False(child.IsDeleting());
    }

    [Fact]
    public async Task An_owner_of_the_same_name_but_another_uid_is_none()
    {
        JsonObject first = await MapAsync("owner");
        await DeleteAsync("owner", "Background");
        await MapAsync("owner");
        await MapAsync("child", first);
        await _cluster.UntilGoneAsync($"{Maps}/child");
    }

    [Fact]
    public async Task An_owner_in_another_namespace_is_none()
    {
        JsonObject owner = await MapAsync("owner");
        await MapInAsync("kube-public", "child", [], owner);
        await _cluster.UntilGoneAsync("api/v1/namespaces/kube-public/configmaps/child");
        Assert.NotNull(await FindAsync("owner"));
    }

    [Fact]
    public async Task A_kind_nobody_serves_deletes_nothing()
    {
        var owner = new JsonObject
        {
            ["apiVersion"] = "nobody.example/v1",
            ["kind"] = "Ghost",
            ["metadata"] = new JsonObject { ["name"] = "g", ["uid"] = Guid.NewGuid().ToString() },
        };
        await MapAsync("child", owner);
        await Wait.UntilAsync(() => _cluster.Told.Any(static line => line.Contains("Ghost g is of a kind")), "the complaint");
        Assert.NotNull(await FindAsync("child"));
    }

    [Fact]
    public async Task Custom_resources_own_and_go_with_their_definition()
    {
        await _cluster.CreateAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions", """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"boats.sea.example"},
             "spec":{"group":"sea.example","scope":"Namespaced","names":{"plural":"boats","singular":"boat","kind":"Boat"},
              "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
            """);
        const string boats = "apis/sea.example/v1/namespaces/default/boats";
        await Wait.UntilAsync(async () => await _cluster.Api.FindAsync(boats, CancellationToken.None) is not null, "the kind to be served");
        JsonObject boat = await _cluster.CreateAsync(boats, """{"apiVersion":"sea.example/v1","kind":"Boat","metadata":{"name":"b"}}""");
        await MapAsync("cargo", boat);
        await Task.Delay(1000); // The collector finds new kinds a moment after their definition.
        Assert.NotNull(await FindAsync("cargo"));
        await _cluster.Api.DeleteAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions/boats.sea.example", null, CancellationToken.None);
        await _cluster.UntilGoneAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions/boats.sea.example");
        await _cluster.UntilGoneAsync($"{Maps}/cargo");
    }
}
