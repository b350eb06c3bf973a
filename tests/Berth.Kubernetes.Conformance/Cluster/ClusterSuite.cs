using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Kubernetes.Conformance.Cluster;

/// <summary>What the runtime relies on, held against a whole API server: the same cases on every cluster.</summary>
public abstract partial class ClusterSuite(TestCluster cluster) : IAsyncLifetime
{
    private KubernetesClient _client = null!;
    private string _ns = "";

    public async ValueTask InitializeAsync()
    {
        cluster.Require();
        _client = cluster.Client;
        _ns = await cluster.NamespaceAsync();
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Objects_are_created_read_replaced_and_deleted()
    {
        var created = await _client.CreateAsync(Resources.ConfigMaps, Map("a", "1"));
        Assert.NotNull(created.Metadata.Uid);
        Assert.NotNull(created.Metadata.CreationTimestamp);
        Assert.True((await Refused(() => _client.CreateAsync(Resources.ConfigMaps, Map("a", "2")))).IsAlreadyExists);
        var replaced = await _client.ReplaceAsync(Resources.ConfigMaps, created with { Data = new Dictionary<string, string> { ["value"] = "2" } });
        Assert.NotEqual(created.Metadata.ResourceVersion, replaced.Metadata.ResourceVersion);
        Assert.True((await Refused(() => _client.ReplaceAsync(Resources.ConfigMaps, created))).IsConflict);
        Assert.True((await Refused(() => _client.DeleteAsync(Resources.ConfigMaps, Key("a"), new() { Uid = "another" }))).IsConflict);
        Assert.True(await _client.DeleteAsync(Resources.ConfigMaps, Key("a"), new() { Uid = created.Metadata.Uid, ResourceVersion = replaced.Metadata.ResourceVersion }));
        Assert.False(await _client.DeleteAsync(Resources.ConfigMaps, Key("a")));
        Assert.Null(await _client.TryGetAsync(Resources.ConfigMaps, Key("a")));
        Assert.True((await Refused(() => _client.GetAsync(Resources.ConfigMaps, Key("a")))).IsNotFound);
    }

    [Fact]
    public async Task A_dry_run_checks_and_stores_nothing()
    {
        await _client.CreateAsync(Resources.ConfigMaps, Map("dry", "1"), options: new() { DryRun = true });
        Assert.Null(await _client.TryGetAsync(Resources.ConfigMaps, Key("dry")));
        Assert.True((await Refused(() => _client.CreateAsync(Widgets.Type, Widgets.New(_ns, "w", 101), options: new() { DryRun = true }))).IsInvalid);
    }

    [Fact]
    public async Task Unknown_fields_are_refused_when_asked()
    {
        var widget = Widgets.New(_ns, "strict");
        widget["spec"]!["colour"] = "red";
        var error = await Refused(() => _client.CreateAsync(Widgets.Type, widget, options: new() { FieldValidation = FieldValidation.Strict }));
        Assert.Contains("colour", error.Message, StringComparison.Ordinal);
        await _client.CreateAsync(Widgets.Type, widget, options: new() { FieldValidation = FieldValidation.Ignore });
    }

    [Fact]
    public async Task A_status_patch_with_a_resource_version_is_a_compare_and_swap_and_leaves_the_spec()
    {
        var widget = await _client.CreateAsync(Widgets.Type, Widgets.New(_ns, "cas"));
        var version = Version(widget);
        JsonObject Body(string at, string phase) => new()
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = at },
            ["spec"] = new JsonObject { ["size"] = 7 },
            ["status"] = new JsonObject { ["phase"] = phase },
        };
        var first = await _client.PatchAsync(Widgets.Type, Key("cas"), Patch.Merge(Body(version, "One")), "status");
        Assert.Equal("One", first["status"]!["phase"]!.GetValue<string>());
        Assert.Equal(1, first["spec"]!["size"]!.GetValue<int>());
        Assert.True((await Refused(() => _client.PatchAsync(Widgets.Type, Key("cas"), Patch.Merge(Body(version, "Two")), "status"))).IsConflict);
        var same = await _client.PatchAsync(Widgets.Type, Key("cas"), Patch.Merge(Body(Version(first), "One")), "status");
        Assert.Equal(Version(first), Version(same));
    }

    [Fact]
    public async Task Json_patches_test_before_they_change()
    {
        var map = await _client.CreateAsync(Resources.ConfigMaps, Map("jp", "1") with { Metadata = new() { Namespace = _ns, Name = "jp", Finalizers = ["berth.dev/test"] } });
        var patch = Patch.Json(new JsonPatch().Test("/metadata/finalizers/0", "berth.dev/other").Remove("/metadata/finalizers/0"));
        var error = await Refused(() => _client.PatchAsync(Resources.ConfigMaps, Key("jp"), patch));
        Assert.True(error.IsInvalid || error.Status.Code == 400, error.Message);
        await _client.DeleteAsync(Resources.ConfigMaps, Key("jp"));
        Assert.NotNull((await _client.GetAsync(Resources.ConfigMaps, Key("jp"))).Metadata.DeletionTimestamp);
        await _client.PatchAsync(Resources.ConfigMaps, Key("jp"), Patch.Json(new JsonPatch().Test("/metadata/finalizers/0", "berth.dev/test").Remove("/metadata/finalizers/0")));
        Assert.Null(await _client.TryGetAsync(Resources.ConfigMaps, Key("jp")));
        Assert.NotNull(map.Metadata.Uid);
    }

    [Fact]
    public async Task Apply_creates_owns_fields_and_takes_them_only_by_force()
    {
        async Task<JsonObject> Apply(string manager, int size, bool force = false) => await _client.PatchAsync(
            Widgets.Type, Key("ssa"), Patch.Apply(Widgets.New(_ns, "ssa", size)), options: new() { FieldManager = manager, Force = force });

        await Apply("one", 1);
        Assert.True((await Refused(() => Apply("two", 2))).IsConflict);
        var taken = await Apply("two", 2, force: true);
        Assert.Equal(2, taken["spec"]!["size"]!.GetValue<int>());
        Assert.Equal(2, (await _client.GetAsync(Widgets.Type, Key("ssa")))["spec"]!["size"]!.GetValue<int>());
    }

    [Fact]
    public async Task Strategic_patches_merge_lists_of_built_in_kinds_by_their_key()
    {
        await _client.CreateAsync(Resources.ConfigMaps, Map("sm", "1"));
        var patched = await _client.PatchAsync(Resources.ConfigMaps, Key("sm"), Patch.Strategic(new() { ["data"] = new JsonObject { ["more"] = "2" } }));
        Assert.Equal(["more", "value"], patched.Data!.Keys.Order());
        Assert.Equal(415, (await Refused(async () =>
        {
            await _client.CreateAsync(Widgets.Type, Widgets.New(_ns, "sm"));
            await _client.PatchAsync(Widgets.Type, Key("sm"), Patch.Strategic([]));
        })).Status.Code);
    }

    [Fact]
    public async Task Lists_are_paged_and_selected()
    {
        for (var i = 0; i < 7; i++)
            await _client.CreateAsync(Resources.ConfigMaps, Map($"p{i}", "x", i % 2 == 0 ? "even" : "odd"));
        var first = await _client.ListAsync(Resources.ConfigMaps, _ns, new() { Limit = 3, LabelSelector = "kind" });
        Assert.Equal(3, first.Items.Count);
        Assert.False(string.IsNullOrEmpty(first.Continue));
        var all = await _client.ListAllAsync(Resources.ConfigMaps, _ns, new() { Limit = 3, LabelSelector = "kind" });
        Assert.Equal(Enumerable.Range(0, 7).Select(static i => $"p{i}"), all.Items.Select(static m => m.Metadata.Name));
        Assert.Equal(4, (await _client.ListAllAsync(Resources.ConfigMaps, _ns, new() { LabelSelector = "kind in (even)" })).Items.Count);
        Assert.Single((await _client.ListAsync(Resources.ConfigMaps, _ns, new() { FieldSelector = "metadata.name=p3" })).Items);
        await _client.DeleteCollectionAsync(Resources.ConfigMaps, _ns, new() { LabelSelector = "kind=odd" });
        Assert.Equal(4, (await _client.ListAllAsync(Resources.ConfigMaps, _ns, new() { LabelSelector = "kind" })).Items.Count);
    }

    [Fact]
    public async Task A_bad_continue_token_and_a_bad_resource_version_are_refused()
    {
        Assert.Equal(400, (await Refused(() => _client.ListAsync(Resources.ConfigMaps, _ns, new() { Limit = 1, Continue = "nonsense" }))).Status.Code);
        var error = await Refused(async () =>
        {
            await foreach (var _ in _client.WatchAsync(Resources.ConfigMaps, _ns, new() { ResourceVersion = "nonsense" })) break;
        });
        Assert.Equal(500, error.Status.Code);
        Assert.Contains("resourceVersion: Invalid value", error.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_streaming_list_ends_in_its_bookmark_and_goes_on_as_a_watch()
    {
        await _client.CreateAsync(Resources.ConfigMaps, Map("s1", "1"));
        var seen = new List<string>();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await foreach (var change in _client.WatchAsync(Resources.ConfigMaps, _ns, new() { SendInitialEvents = true, LabelSelector = "kind" }, limit.Token))
        {
            seen.Add(change.InitialEventsEnd ? "end" : $"{change.Type} {change.Object?.Metadata.Name}");
            if (change.InitialEventsEnd)
            {
                Assert.False(string.IsNullOrEmpty(change.ResourceVersion));
                await _client.CreateAsync(Resources.ConfigMaps, Map("s2", "1"));
            }
            if (change.Object?.Metadata.Name == "s2") break;
        }
        Assert.Equal(["Added s1", "end", "Added s2"], seen.Where(static s => s != "Bookmark "));
    }

    [Fact]
    public async Task A_watch_sees_an_object_leave_and_enter_its_selection()
    {
        await _client.CreateAsync(Resources.ConfigMaps, Map("m", "1", "red"));
        var version = (await _client.ListAsync(Resources.ConfigMaps, _ns)).ResourceVersion;
        JsonObject Label(string kind) => new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["kind"] = kind } } };
        await _client.PatchAsync(Resources.ConfigMaps, Key("m"), Patch.Merge(Label("blue")));
        await _client.PatchAsync(Resources.ConfigMaps, Key("m"), Patch.Merge(Label("red")));
        var types = new List<WatchEventType>();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await foreach (var change in _client.WatchAsync(Resources.ConfigMaps, _ns, new() { ResourceVersion = version, LabelSelector = "kind=red", Bookmarks = false }, limit.Token))
        {
            types.Add(change.Type);
            if (types.Count == 2) break;
        }
        Assert.Equal([WatchEventType.Deleted, WatchEventType.Added], types);
    }

    private ObjectKey Key(string name) => new(_ns, name);

    private ConfigMap Map(string name, string value, string kind = "plain") => new()
    {
        Metadata = new() { Namespace = _ns, Name = name, Labels = new Dictionary<string, string> { ["kind"] = kind } },
        Data = new Dictionary<string, string> { ["value"] = value },
    };

    private static string Version(JsonObject value) => Widgets.Type.Identify(value).ResourceVersion!;

    private static Task<KubernetesException> Refused(Func<Task> action) => Assert.ThrowsAsync<KubernetesException>(action);
}
