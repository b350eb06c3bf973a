using System.Text.Json.Nodes;
using Berth.DevCluster.Identity;
using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>Who may do what, and who is who.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";
    private DevCluster _cluster = null!;
    private TestApi _admin = null!;
    private TestApi _alice = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.StartAsync(new() { Controllers = false, Rbac = true });
        (_admin, _alice) = (new TestApi(_cluster), new TestApi(_cluster, "alice"));
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        _alice.Dispose();
        await _cluster.DisposeAsync();
    }

    private async Task Bind(string role, string kind = "ClusterRole") => Assert.Equal(201, (await _admin.Post($"{Rbac}/namespaces/default/rolebindings",
        $$$"""{"metadata":{"name":"b-{{{role}}}"},"subjects":[{"kind":"User","name":"alice"}],"roleRef":{"kind":"{{{kind}}}","name":"{{{role}}}","apiGroup":"rbac.authorization.k8s.io"}}""")).Status);

    [Fact]
    public async Task What_no_role_allows_is_forbidden_in_the_servers_words()
    {
        var reply = await _alice.Get("/api/v1/namespaces/default/pods");
        Assert.Equal((403, "Forbidden"), (reply.Status, reply.Reason));
        Assert.Equal("pods is forbidden: User \"alice\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"", reply.Message);
        Assert.Equal("nodes \"n\" is forbidden: User \"alice\" cannot get resource \"nodes\" in API group \"\" at the cluster scope", (await _alice.Get("/api/v1/nodes/n")).Message);
    }

    [Fact]
    public async Task A_binding_holds_in_its_namespace_alone()
    {
        await Bind("view");
        Assert.Equal(200, (await _alice.Get("/api/v1/namespaces/default/pods")).Status);
        Assert.Equal(403, (await _alice.Get("/api/v1/namespaces/kube-system/pods")).Status);
        Assert.Equal(403, (await _alice.Post("/api/v1/namespaces/default/configmaps", """{"metadata":{"name":"x"}}""")).Status);
        Assert.Equal(403, (await _alice.Get("/api/v1/namespaces/default/secrets")).Status);
    }

    [Fact]
    public async Task Roles_are_aggregated_by_label()
    {
        await Bind("view");
        Assert.Equal(201, (await _admin.Post($"{Rbac}/clusterroles", """
            {"metadata":{"name":"more","labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}},"rules":[{"apiGroups":[""],"resources":["secrets"],"verbs":["list"]}]}
            """)).Status);
        Assert.Equal(200, (await _alice.Get("/api/v1/namespaces/default/secrets")).Status);
    }

    [Fact]
    public async Task Who_may_list_one_object_by_its_name_asks_for_it_by_a_field_selector()
    {
        Assert.Equal(201, (await _admin.Post($"{Rbac}/clusterroles", """{"metadata":{"name":"one"},"rules":[{"apiGroups":[""],"resources":["namespaces"],"resourceNames":["default"],"verbs":["list","watch"]}]}""")).Status);
        Assert.Equal(201, (await _admin.Post($"{Rbac}/clusterrolebindings", """
            {"metadata":{"name":"one"},"subjects":[{"kind":"User","name":"alice"}],"roleRef":{"kind":"ClusterRole","name":"one","apiGroup":"rbac.authorization.k8s.io"}}
            """)).Status);
        var reply = await _alice.Get("/api/v1/namespaces?fieldSelector=metadata.name%3Ddefault");
        Assert.Equal((200, 1), (reply.Status, reply.Body["items"]!.AsArray().Count));
        Assert.Equal(403, (await _alice.Get("/api/v1/namespaces")).Status);
        Assert.Equal(403, (await _alice.Get("/api/v1/namespaces?fieldSelector=metadata.name%21%3Ddefault")).Status);
        Assert.Equal("namespaces \"kube-system\" is forbidden: User \"alice\" cannot list resource \"namespaces\" in API group \"\" at the cluster scope", (await _alice.Get("/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-system")).Message);
    }

    [Fact]
    public async Task Nobody_hands_on_what_they_do_not_hold()
    {
        await Bind("admin");
        var reply = await _alice.Post($"{Rbac}/namespaces/default/roles", """{"metadata":{"name":"r"},"rules":[{"apiGroups":["x.io"],"resources":["ys"],"verbs":["get"]}]}""");
        Assert.Equal(403, reply.Status);
        Assert.Contains("is attempting to grant RBAC permissions not currently held", reply.Message, StringComparison.Ordinal);
        Assert.Equal(201, (await _alice.Post($"{Rbac}/namespaces/default/roles", """{"metadata":{"name":"ok"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}""")).Status);
        Assert.Equal(403, (await _alice.Post($"{Rbac}/namespaces/default/rolebindings",
            """{"metadata":{"name":"b"},"subjects":[{"kind":"User","name":"alice"}],"roleRef":{"kind":"ClusterRole","name":"cluster-admin","apiGroup":"rbac.authorization.k8s.io"}}""")).Status);
    }

    [Fact]
    public async Task Acting_for_others_needs_the_right_to()
    {
        var asBob = await _admin.Send(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""", "application/json", ("Impersonate-User", "bob"));
        Assert.Equal("bob", (string)asBob.Body["status"]!["userInfo"]!["username"]!);
        Assert.Equal(403, (await _alice.Send(HttpMethod.Get, "/api/v1/namespaces", null, null, ("Impersonate-User", "bob"))).Status);
    }

    [Fact]
    public async Task A_client_certificate_is_a_user()
    {
        using var certificate = _cluster.State.Credentials.Authority.IssueClient("carol", "team", "system:masters");
        using var handler = _cluster.CreateHandler();
        handler.SslOptions.ClientCertificates = [certificate];
        using var client = new HttpClient(handler) { BaseAddress = _cluster.Url };
        var answer = await client.PostAsync(new Uri("/apis/authentication.k8s.io/v1/selfsubjectreviews", UriKind.Relative),
            new StringContent("""{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""", null, "application/json"), TestContext.Current.CancellationToken);
        var user = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["status"]!["userInfo"]!;
        Assert.Equal(("carol", """["team","system:masters","system:authenticated"]"""), ((string)user["username"]!, user["groups"]!.ToJsonString()));
        using var stranger = CertificateAuthority.Create("stranger").IssueClient("carol", "system:masters");
        using var other = _cluster.CreateHandler();
        other.SslOptions.ClientCertificates = [stranger];
        using var rejected = new HttpClient(other) { BaseAddress = _cluster.Url };
        Assert.Equal(401, (int)(await rejected.GetAsync(new Uri("/api/v1/namespaces", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_token_ends_with_the_pod_it_is_bound_to()
    {
        var pod = await _admin.Post("/api/v1/namespaces/default/pods", """{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}}""");
        var uid = (string)pod.Body["metadata"]!["uid"]!;
        var token = await _admin.Post("/api/v1/namespaces/default/serviceaccounts/default/token",
            $$$"""{"spec":{"audiences":["berth"],"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"p","uid":"{{{uid}}}"} } }""");
        var review = $$$"""{"spec":{"token":"{{{(string)token.Body["status"]!["token"]!}}}","audiences":["berth"]}}""";
        Assert.True((bool)(await _admin.Post("/apis/authentication.k8s.io/v1/tokenreviews", review)).Body["status"]!["authenticated"]!);
        await _admin.Delete("/api/v1/namespaces/default/pods/p");
        Assert.Null((await _admin.Post("/apis/authentication.k8s.io/v1/tokenreviews", review)).Body["status"]!["authenticated"]);
    }
}
