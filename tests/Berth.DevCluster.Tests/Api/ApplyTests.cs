using System.Text.Json.Nodes;
using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>Server-side apply: who owns what, and what happens to what nobody owns any more.</summary>
public sealed class ApplyTests : IAsyncLifetime
{
    private const string Path = Gadgets.All + "/g";
    private DevCluster _cluster = null!;
    private TestApi _api = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.StartAsync(new() { Controllers = false });
        _api = new TestApi(_cluster);
        await Gadgets.Define(_api);
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _cluster.DisposeAsync();
    }

    private async Task<JsonNode> Apply(string manager, string spec, bool force = false)
    {
        var reply = await _api.Apply(Path, manager, Gadgets.Named("g", spec), force);
        Assert.True(reply.Status is 200 or 201, reply.Message);
        return reply.Body["spec"] ?? new JsonObject();
    }

    [Fact]
    public async Task Items_of_a_shared_list_belong_to_those_who_applied_them()
    {
        await Apply("one", """{"steps":[{"name":"a","run":"1"}],"tags":["x"]}""");
        await Apply("two", """{"steps":[{"name":"b","run":"2"}],"tags":["y"]}""");
        var spec = await Apply("one", """{"steps":[{"name":"a"}]}""");
        Assert.Equal("""[{"name":"a"},{"name":"b","run":"2"}]""", spec["steps"]!.ToJsonString());
        Assert.Equal("""["y"]""", spec["tags"]!.ToJsonString());
    }

    [Fact]
    public async Task A_field_applied_alike_by_two_is_shared_and_stays_until_both_let_go()
    {
        await Apply("one", """{"size":1}""");
        await Apply("two", """{"size":1}""");
        Assert.Equal(1, (int?)(await Apply("one", "{}"))["size"]);
        Assert.Null((await Apply("two", "{}"))["size"]);
    }

    [Fact]
    public async Task Every_conflict_is_named_with_its_owner_and_path()
    {
        await Apply("one", """{"size":1,"steps":[{"name":"a","run":"1"}]}""");
        var reply = await _api.Apply(Path, "two", Gadgets.Named("g", """{"size":2,"steps":[{"name":"a","run":"2"}]}"""));
        Assert.Equal(409, reply.Status);
        Assert.Equal("Apply failed with 2 conflicts: conflicts with \"one\":\n- .spec.size\n- .spec.steps[name=\"a\"].run", reply.Message);
        Assert.Equal([".spec.size", ".spec.steps[name=\"a\"].run"], reply.Body["details"]!["causes"]!.AsArray().Select(c => (string)c!["field"]!));
    }

    [Fact]
    public async Task A_plain_update_takes_ownership_and_an_apply_against_it_says_how()
    {
        await Apply("one", """{"size":1}""");
        Assert.Equal(200, (await _api.Send(HttpMethod.Patch, Path + "?fieldManager=hand", """{"spec":{"size":5}}""", "application/merge-patch+json")).Status);
        var reply = await _api.Apply(Path, "one", Gadgets.Named("g", """{"size":1}"""));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"hand\" using test.example.com/v1: .spec.size", reply.Message);
    }

    [Fact]
    public async Task Atomic_lists_and_maps_have_one_owner()
    {
        await Apply("one", """{"order":["a","b"],"point":{"x":1,"y":2}}""");
        var reply = await _api.Apply(Path, "two", Gadgets.Named("g", """{"order":["a"],"point":{"x":1}}"""));
        Assert.Equal([".spec.order", ".spec.point"], reply.Body["details"]!["causes"]!.AsArray().Select(c => (string)c!["field"]!));
        var spec = await Apply("two", """{"order":["c"],"point":{"x":9}}""", force: true);
        Assert.Equal("""{"order":["c"],"point":{"x":9}}""", spec.ToJsonString());
    }

    [Fact]
    public async Task Granular_maps_are_shared_key_by_key()
    {
        await Apply("one", """{"limits":{"cpu":"1"}}""");
        await Apply("two", """{"limits":{"memory":"2"}}""");
        Assert.Equal("""{"memory":"2"}""", (await Apply("one", "{}"))["limits"]!.ToJsonString());
    }

    [Fact]
    public async Task Applying_the_same_again_changes_nothing()
    {
        await Apply("one", """{"size":1,"tags":["x"]}""");
        var before = (await _api.Get(Path)).Version;
        await Apply("one", """{"size":1,"tags":["x"]}""");
        Assert.Equal(before, (await _api.Get(Path)).Version);
    }

    [Fact]
    public async Task Managed_fields_can_be_cleared_but_not_applied()
    {
        await Apply("one", """{"size":1}""");
        var cleared = await _api.Merge(Path, """{"metadata":{"managedFields":[{}]}}""");
        Assert.Null(cleared.Body["metadata"]!["managedFields"]);
        var refused = await _api.Apply(Path, "one", """{"apiVersion":"test.example.com/v1","kind":"Gadget","metadata":{"name":"g","managedFields":[{"manager":"x"}]}}""");
        Assert.Equal((400, "metadata.managedFields must be nil"), (refused.Status, refused.Message));
        await Apply("one", """{"size":1}""");
        var managers = (await _api.Get(Path)).Body["metadata"]!["managedFields"]!.AsArray().Select(m => (string)m!["manager"]!);
        Assert.Contains("before-first-apply", managers);
    }

    [Fact]
    public async Task Many_writers_at_once_all_get_their_own_field()
    {
        await Apply("zero", """{"limits":{"zero":"0"}}""");
        await Task.WhenAll(Enumerable.Range(1, 20).Select(i => Apply($"writer-{i}", $$$"""{"limits":{"k{{{i}}}":"v"}}""")));
        Assert.Equal(21, (await _api.Get(Path)).Body["spec"]!["limits"]!.AsObject().Count);
    }

    [Fact]
    public async Task Built_in_lists_merge_by_their_keys()
    {
        const string path = "/apis/apps/v1/namespaces/default/deployments/d";
        string Body(string containers) => $$$"""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":{{{containers}}} } } } }""";
        Assert.Equal(201, (await _api.Apply(path, "one", Body("""[{"name":"c","image":"i","env":[{"name":"A","value":"1"}],"ports":[{"containerPort":80}]}]"""))).Status);
        var reply = await _api.Apply(path, "two", """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"B","value":"2"}]}]}}}}""");
        var container = reply.Body["spec"]!["template"]!["spec"]!["containers"]![0]!;
        Assert.Equal(["A", "B"], container["env"]!.AsArray().Select(e => (string)e!["name"]!));
        Assert.Equal("Always", (string)container["imagePullPolicy"]!);
    }

    [Theory]
    [InlineData("""{"bogus":1}""", ".spec.bogus: field not declared in schema")]
    [InlineData("""{"size":"x"}""", ".spec.size: expected numeric (int or float), got string")]
    [InlineData("""{"steps":[{"name":"a"},{"name":"a"}]}""", ".spec.steps: duplicate entries for key [name=\"a\"]")]
    public async Task A_configuration_that_does_not_fit_the_schema_is_refused_with_the_field(string spec, string why)
    {
        var reply = await _api.Apply(Path, "one", Gadgets.Named("g", spec));
        Assert.Equal((500, $"failed to create typed patch object (/g; test.example.com/v1, Kind=Gadget): {why}"), (reply.Status, reply.Message));
    }
}
