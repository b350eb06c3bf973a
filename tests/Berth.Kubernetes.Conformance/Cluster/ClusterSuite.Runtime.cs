using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Kubernetes.Conformance.Cluster;

// Informers, elections and events on a whole API server.
public abstract partial class ClusterSuite
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task An_informer_ends_up_with_what_the_server_has(bool streaming)
    {
        using var stop = new CancellationTokenSource();
        var factory = new InformerFactory(_client, new() { Namespace = _ns, LabelSelector = "kind", StreamingList = streaming, PageSize = 5, MinBackoff = TimeSpan.FromMilliseconds(50) });
        var informer = factory.For(Resources.ConfigMaps).AddIndex("kind", static m => m.Metadata.Label("kind"));
        var seen = new ConcurrentDictionary<string, string>();
        informer.AddHandler(e =>
        {
            if (e.Type == InformerEventType.Deleted) seen.TryRemove(e.Key.Name, out _);
            else seen[e.Key.Name] = e.Object.Data!["value"];
        });
        for (var i = 0; i < 12; i++) await _client.CreateAsync(Resources.ConfigMaps, Map($"o{i}", "0"));
        factory.Start(stop.Token);
        await factory.WaitForSyncAsync().WaitAsync(Eventually.Limit);
        Assert.Equal(12, informer.Store.Count);
        for (var i = 0; i < 30; i++)
        {
            await _client.PatchAsync(Resources.ConfigMaps, Key($"o{i % 6}"), Patch.Merge(new() { ["data"] = new JsonObject { ["value"] = i.ToString(CultureInfo.InvariantCulture) } }));
            if (i % 5 == 0) await _client.DeleteAsync(Resources.ConfigMaps, Key($"o{6 + (i / 5)}"));
            if (i % 8 == 0) cluster.Dev?.CutWatches();
            if (i == 20) cluster.Dev?.Compact();
        }
        var truth = (await _client.ListAllAsync(Resources.ConfigMaps, _ns, new() { LabelSelector = "kind" })).Items.ToDictionary(static m => m.Metadata.Name!, static m => m.Data!["value"]);
        await Eventually.Holds(() => seen.Count == truth.Count && truth.All(t => seen.TryGetValue(t.Key, out var value) && value == t.Value));
        Assert.Equal(truth.Count, informer.Store.CountByIndex("kind", "plain"));
        await factory.RefreshAsync().WaitAsync(Eventually.Limit);
        Assert.Equal(truth.Count, informer.Store.Count);
        await stop.CancelAsync();
        await factory.StoppedAsync().WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task A_controller_brings_every_object_to_its_last_wish_from_the_cache_alone()
    {
        using var stop = new CancellationTokenSource();
        var factory = new InformerFactory(_client, new() { Namespace = _ns });
        var informer = factory.For(Widgets.Type);
        using var controller = new Controller<ObjectKey>(new() { Name = $"conformance-{_ns}", Workers = 2 }, async (key, cancel) =>
        {
            if (informer.Store.Get(key) is not { } widget) return ReconcileResult.Done;
            var size = widget["spec"]!["size"]!.GetValue<int>().ToString(CultureInfo.InvariantCulture);
            if (widget["status"]?["phase"]?.GetValue<string>() == size) return ReconcileResult.Done;
            var body = new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = Version(widget) }, ["status"] = new JsonObject { ["phase"] = size } };
            await _client.PatchAsync(Widgets.Type, key, Patch.Merge(body), "status", cancellationToken: cancel);
            return ReconcileResult.Done;
        });
        informer.AddHandler(e => controller.Queue.Add(e.Key, e.IsInitial ? WorkPriority.Background : WorkPriority.Normal));
        factory.Start(stop.Token);
        await factory.WaitForSyncAsync().WaitAsync(Eventually.Limit);
        var running = controller.RunAsync(stop.Token);
        for (var i = 0; i < 10; i++) await _client.CreateAsync(Widgets.Type, Widgets.New(_ns, $"w{i}", i));
        for (var i = 0; i < 10; i++) await _client.PatchAsync(Widgets.Type, Key($"w{i}"), Patch.Merge(new() { ["spec"] = new JsonObject { ["size"] = i + 20 } }));
        await Eventually.Holds(() => informer.Store.List() is { Count: 10 } all && all.All(static w => w["status"]?["phase"]?.GetValue<string>() == w["spec"]!["size"]!.ToString() && w["spec"]!["size"]!.GetValue<int>() >= 20));
        await stop.CancelAsync();
        await running.WaitAsync(Eventually.Limit);
        await factory.StoppedAsync().WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Electors_take_turns_on_a_lease()
    {
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        LeaderElector Elector(string name) => new(_client, new()
        {
            Lease = Key("leader"),
            Identity = LeaderElectorOptions.UniqueIdentity(name),
            LeaseDuration = TimeSpan.FromSeconds(4),
            RenewDeadline = TimeSpan.FromSeconds(3),
            RetryPeriod = TimeSpan.FromMilliseconds(300),
            Annotations = new Dictionary<string, string> { ["berth.dev/address"] = name },
        });
        var (one, two) = (Elector("one"), Elector("two"));
        static async Task Lead(LeaderTerm term) => await Task.Delay(Timeout.Infinite, term.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var runningOne = one.RunAsync(Lead, first.Token);
        await Eventually.Holds(() => one.IsLeader);
        var runningTwo = two.RunAsync(Lead, second.Token);
        await Eventually.Holds(() => two.Leader?.Identity == one.Identity);
        Assert.Equal("one", two.Leader!.Annotations["berth.dev/address"]);
        Assert.True(await one.ConfirmAsync());
        Assert.False(await two.ConfirmAsync());
        var epoch = one.Epoch;
        await first.CancelAsync();
        Assert.Equal(LeaderOutcome.Stopped, await runningOne.WaitAsync(Eventually.Limit));
        await Eventually.Holds(() => two.IsLeader);
        Assert.True(two.Epoch > epoch);
        // Somebody else takes the lease by hand: the leader stops when it asks, not when it expires.
        await _client.PatchAsync(Resources.Leases, Key("leader"), Patch.Merge(new() { ["spec"] = new JsonObject { ["holderIdentity"] = "thief", ["leaseTransitions"] = two.Epoch + 1 } }));
        Assert.False(await two.ConfirmAsync());
        Assert.Equal(LeaderOutcome.Lost, await runningTwo.WaitAsync(Eventually.Limit));
    }

    [Fact]
    public async Task Events_are_taken_by_the_server_and_grow_into_series()
    {
        var map = await _client.CreateAsync(Resources.ConfigMaps, Map("about", "1"));
        var recorder = new EventRecorder(_client, new() { Controller = "berth.dev/conformance", Instance = "test-0" });
        for (var i = 0; i < 3; i++) recorder.Warning(Resources.ConfigMaps.ReferenceTo(map), "SlotLost", "Reset", "the pod is gone");
        recorder.Complete();
        await recorder.RunAsync(CancellationToken.None).WaitAsync(Eventually.Limit);
        var written = Assert.Single((await _client.ListAsync(Resources.Events, _ns)).Items, static e => e.Reason == "SlotLost");
        Assert.Equal(3, written.Series!.Count);
        Assert.Equal(map.Metadata.Uid, written.Regarding!.Uid);
    }

    [Fact]
    public async Task Reviews_answer_and_kinds_are_found()
    {
        var review = await _client.CreateAsync(Resources.TokenReviews, new TokenReview { Spec = new() { Token = "nobody's" } });
        Assert.False(review.Status!.Authenticated);
        var access = await _client.CreateAsync(Resources.SubjectAccessReviews, new SubjectAccessReview
        {
            Spec = new() { User = "jane", Groups = ["system:masters"], ResourceAttributes = new() { Verb = "get", Resource = "pods", Namespace = _ns } },
        });
        Assert.NotNull(access.Status);
        var found = await _client.ResolveAsync("conformance.berth.dev/v1", "Widget");
        Assert.Equal("widgets", found.Plural);
        Assert.StartsWith("v1.", await _client.GetVersionAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_account_token_is_made_reviewed_and_works()
    {
        await _client.CreateAsync(Resources.ServiceAccounts, new ServiceAccount { Metadata = new() { Namespace = _ns, Name = "robot" } });
        var request = JsonNode.Parse("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":["berth"],"expirationSeconds":600}}""")!.AsObject();
        var answer = await _client.CreateSubresourceAsync(Resources.ServiceAccounts, Key("robot"), "token", request, KubernetesJson.Default.JsonObject);
        var token = answer["status"]!["token"]!.GetValue<string>();
        var review = await _client.CreateAsync(Resources.TokenReviews, new TokenReview { Spec = new() { Token = token, Audiences = ["berth"] } });
        Assert.True(review.Status!.Authenticated);
        Assert.Equal($"system:serviceaccount:{_ns}:robot", review.Status.User!.Username);
        var wrong = await _client.CreateAsync(Resources.TokenReviews, new TokenReview { Spec = new() { Token = token, Audiences = ["another"] } });
        Assert.False(wrong.Status!.Authenticated);
    }

    [Fact]
    public async Task A_wrong_token_is_unauthorized()
    {
        using var stranger = new KubernetesClient(cluster.Config with { Token = "wrong", TokenFile = null, Exec = null, ClientCertificate = null, ClientKey = null });
        Assert.True((await Refused(() => stranger.GetAsync(Resources.ConfigMaps, Key("x")))).IsUnauthorized);
    }
}
