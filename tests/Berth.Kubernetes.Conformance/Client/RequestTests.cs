using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Kubernetes.Conformance.Client;

public sealed class RequestTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<(string Line, string Type, string Body)> _sent = new();
    private readonly Queue<(int Code, string Body)> _answers = new();
    private FakeApi _api = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await FakeApi.StartAsync(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            _sent.Enqueue(($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}", http.Request.ContentType ?? "", await reader.ReadToEndAsync()));
            var (code, body) = _answers.Count > 0 ? _answers.Dequeue() : (200, """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"ns"}}""");
            await FakeApi.Json(http, code, body);
        });
        _client = _api.Client();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
    }

    [Fact]
    public async Task Each_kind_of_patch_has_its_type_and_its_place()
    {
        var key = new ObjectKey("ns", "p");
        await _client.PatchAsync(Resources.Pods, key, Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = "7" } }), "status");
        await _client.PatchAsync(Resources.Pods, key, Patch.Strategic([]), options: new() { DryRun = true, FieldValidation = FieldValidation.Strict });
        await _client.PatchAsync(Resources.Pods, key, Patch.Json(new JsonPatch().TestResourceVersion("7").Remove("/metadata/finalizers/0").Add("/metadata/labels/" + JsonPatch.Escape("a/b~c"), "x")));
        await _client.PatchAsync(Resources.Pods, key, Patch.Apply(JsonNode.Parse("""{"metadata":{"name":"p","resourceVersion":"7","uid":"u","managedFields":[{}]},"spec":{}}""")!.AsObject()),
            options: new() { FieldManager = "berth", Force = true });
        Assert.Equal(
        [
            ("PATCH /api/v1/namespaces/ns/pods/p/status", "application/merge-patch+json", """{"metadata":{"resourceVersion":"7"}}"""),
            ("PATCH /api/v1/namespaces/ns/pods/p?dryRun=All&fieldValidation=Strict", "application/strategic-merge-patch+json", "{}"),
            ("PATCH /api/v1/namespaces/ns/pods/p", "application/json-patch+json",
                """[{"op":"test","path":"/metadata/resourceVersion","value":"7"},{"op":"remove","path":"/metadata/finalizers/0"},{"op":"add","path":"/metadata/labels/a~1b~0c","value":"x"}]"""),
            ("PATCH /api/v1/namespaces/ns/pods/p?fieldManager=berth&force=true", "application/apply-patch+yaml", """{"metadata":{"name":"p"},"spec":{}}"""),
        ], _sent);
        await Assert.ThrowsAsync<ArgumentException>(() => _client.PatchAsync(Resources.Pods, key, Patch.Apply([])));
    }

    [Fact]
    public async Task Deletions_carry_their_preconditions()
    {
        Assert.True(await _client.DeleteAsync(Resources.Pods, new("ns", "p"), new()
        {
            Uid = "u",
            ResourceVersion = "7",
            GracePeriodSeconds = 0,
            Propagation = DeletionPropagation.Foreground,
            DryRun = true,
        }));
        await _client.DeleteCollectionAsync(Resources.Pods, "ns", new() { LabelSelector = "a=b,c" });
        _answers.Enqueue((404, "{}"));
        Assert.False(await _client.DeleteAsync(Resources.Pods, new("ns", "p")));
        Assert.Equal(
        [
            "DELETE /api/v1/namespaces/ns/pods/p " +
            """{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"propagationPolicy":"Foreground","preconditions":{"uid":"u","resourceVersion":"7"},"dryRun":["All"]}""",
            "DELETE /api/v1/namespaces/ns/pods?labelSelector=a%3Db%2Cc ",
            "DELETE /api/v1/namespaces/ns/pods/p ",
        ], _sent.Select(static s => $"{s.Line} {s.Body}"));
    }

    [Fact]
    public async Task Fields_nobody_knows_survive_a_read_modify_write_and_managed_fields_do_not_travel()
    {
        const string Stored = """
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"ns","resourceVersion":"7","selfish":true,"managedFields":[{"manager":"x"}],"creationTimestamp":"2026-01-02T03:04:05Z"},
             "spec":{"nodeName":"n","brandNew":{"deep":[1,{"x":null}]},"containers":[{"name":"c","resources":{"limits":{"cpu":"500m"}},"env":[{"name":"E","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}]}]},
             "status":{"phase":"Running","future":"yes"},"top":1}
            """;
        _answers.Enqueue((200, Stored));
        var pod = await _client.GetAsync(Resources.Pods, new("ns", "p"));
        await _client.ReplaceAsync(Resources.Pods, pod with { Metadata = pod.Metadata with { Labels = new Dictionary<string, string> { ["a"] = "b" } } });
        var expected = JsonNode.Parse(Stored)!;
        expected["metadata"]!.AsObject().Remove("managedFields");
        expected["metadata"]!["labels"] = new JsonObject { ["a"] = "b" };
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(_sent.Last().Body)), _sent.Last().Body);
    }

    [Fact]
    public async Task A_list_is_read_in_pages_and_in_one_piece_when_its_token_expires()
    {
        _answers.Enqueue((200, """{"metadata":{"resourceVersion":"5","continue":"t1","remainingItemCount":1},"items":[{"metadata":{"name":"a"}}]}"""));
        _answers.Enqueue((200, """{"metadata":{"resourceVersion":"5"},"items":[{"metadata":{"name":"b"}}]}"""));
        var whole = await _client.ListAllAsync(Resources.Pods, "ns", new() { Limit = 1 });
        Assert.Equal(["a", "b"], whole.Items.Select(static p => p.Metadata.Name));
        Assert.Equal("5", whole.ResourceVersion);
        _answers.Enqueue((200, """{"metadata":{"resourceVersion":"5","continue":"t1"},"items":[{"metadata":{"name":"a"}}]}"""));
        _answers.Enqueue((410, """{"kind":"Status","reason":"Expired","code":410}"""));
        _answers.Enqueue((200, """{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"c"}},{"metadata":{"name":"d"}}]}"""));
        var again = await _client.ListAllAsync(Resources.Pods, "ns", new() { Limit = 1 });
        Assert.Equal(["c", "d"], again.Items.Select(static p => p.Metadata.Name));
        Assert.Equal("9", again.ResourceVersion);
        Assert.EndsWith("/pods", _sent.Last().Line, StringComparison.Ordinal);
        _answers.Enqueue((200, """{"metadata":{},"items":null}"""));
        Assert.Empty((await _client.ListAsync(Resources.Pods)).Items);
    }

    [Fact]
    public async Task Subresources_are_created_and_streams_are_read()
    {
        _answers.Enqueue((201, """{"status":{"token":"t"}}"""));
        var answer = await _client.CreateSubresourceAsync(Resources.ServiceAccounts, new("ns", "sa"), "token", new JsonObject { ["spec"] = new JsonObject() }, KubernetesJson.Default.JsonObject);
        Assert.Equal("t", answer["status"]!["token"]!.GetValue<string>());
        _answers.Enqueue((200, "line 1\nline 2\n"));
        await using var stream = await _client.OpenStreamAsync("/api/v1/namespaces/ns/pods/p/log?follow=true");
        using var reader = new StreamReader(stream);
        Assert.Equal("line 1\nline 2\n", await reader.ReadToEndAsync());
        Assert.Equal(["POST /api/v1/namespaces/ns/serviceaccounts/sa/token", "GET /api/v1/namespaces/ns/pods/p/log?follow=true"], _sent.Select(static s => s.Line));
    }

    [Fact]
    public async Task Kinds_are_found_at_run_time()
    {
        const string Groups = """{"resources":[{"name":"tasks/status","kind":"Task","namespaced":true},{"name":"tasks","kind":"Task","namespaced":true}]}""";
        _answers.Enqueue((200, Groups));
        var type = await _client.ResolveAsync("berth.dev/v1alpha1", "Task");
        Assert.Equal("/apis/berth.dev/v1alpha1/namespaces/ns/tasks/t", type.PathOf(new("ns", "t")));
        _answers.Enqueue((200, Groups));
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => _client.ResolveAsync("berth.dev/v1alpha1", "Toast"))).IsNotFound);
    }

    [Fact]
    public async Task Errors_say_what_they_are()
    {
        async Task<KubernetesException> Answered(int code, string reason, string details = "{}")
        {
            _answers.Enqueue((code, $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"m","reason":"{{reason}}","details":{{details}},"code":{{code}}}"""));
            return await Assert.ThrowsAsync<KubernetesException>(() => _client.GetVersionAsync());
        }

        Assert.True((await Answered(409, "Conflict")) is { IsConflict: true, IsAlreadyExists: false, IsOutcomeUnknown: false });
        Assert.True((await Answered(409, "AlreadyExists")) is { IsConflict: false, IsAlreadyExists: true });
        Assert.True((await Answered(410, "Gone")).IsGone);
        Assert.True((await Answered(422, "Invalid")).IsInvalid);
        Assert.True((await Answered(504, "Timeout", """{"causes":[{"reason":"ResourceVersionTooLarge"}]}""")) is { IsTooLargeResourceVersion: true, IsOutcomeUnknown: true });
        Assert.True((await Answered(403, "Forbidden", """{"causes":[{"reason":"NamespaceTerminating"}]}""")) is { IsForbidden: true, IsNamespaceTerminating: true });
        Assert.Equal(TimeSpan.FromSeconds(3), (await Answered(500, "ServerTimeout", """{"retryAfterSeconds":3}""")).RetryAfter);
    }

    [Fact]
    public void A_key_without_what_its_kind_needs_is_refused_before_it_is_sent()
    {
        Assert.Throws<ArgumentException>(() => Resources.Pods.PathOf(new("p")));
        Assert.Throws<ArgumentException>(() => Resources.Nodes.PathOf(new("")));
        Assert.Equal("/api/v1/nodes/n", Resources.Nodes.PathOf(new("n")));
        Assert.Equal("/apis/policy/v1/poddisruptionbudgets", Resources.PodDisruptionBudgets.PathOfCollection(null));
    }
}
