using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Berth.Kubernetes;
using Berth.Operator.Hosting;
using Berth.Operator.Options;
using Berth.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Berth.Operator.Tests.View;

/// <summary>The aggregated API behind the dev cluster's aggregator, with RBAC: who asks is proved, and whether they may is asked.</summary>
public sealed class ViewAccessTests : IAsyncLifetime
{
    private const string Root = "/apis/view.berth.dev/v1alpha1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private DevClusterFixture _fixture = null!;
    private WebApplication _operator = null!;
    private Task<int> _running = null!;
    private string _directory = null!;
    private int _view;
    private int _http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _fixture = await DevClusterFixture.StartAsync(o => o.Rbac = true);
        _directory = Directory.CreateTempSubdirectory("berth-view-").FullName;
        (_view, _http) = (FreePort(), FreePort());
        var kubeconfig = await _fixture.WriteKubeconfig(_directory);
        using var admin = _fixture.Cluster.CreateClient();
        await PostAsync(admin, "/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"berth-system"}}""");
        await PostAsync(admin, "/api/v1/namespaces/berth-system/services", $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"berth-view","annotations":{"dev.berth/service-address":"127.0.0.1:{{{_view}}}"}},"spec":{"ports":[{"port":443}]}}""");
        await PostAsync(admin, "/apis/apiregistration.k8s.io/v1/apiservices", """{"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1alpha1.view.berth.dev"},"spec":{"group":"view.berth.dev","version":"v1alpha1","groupPriorityMinimum":1000,"versionPriority":15,"service":{"namespace":"berth-system","name":"berth-view","port":443}}}""");
        var options = new OperatorOptions
        {
            Identity = "operator-0",
            Http = new() { Address = $"127.0.0.1:{_http}" },
            Gateway = new() { Address = $"127.0.0.1:{FreePort()}" },
            View = new() { Address = $"127.0.0.1:{_view}" },
            // No database: what needs none is answered all the same.
            Postgres = new() { ConnectionString = "Host=127.0.0.1;Port=1;Database=none;Username=nobody;Timeout=1" },
            Images = new() { Agent = "berth" },
        };
        var builder = WebApplication.CreateSlimBuilder();
        _operator = OperatorProgram.Build(builder, options, KubernetesConfig.Load(kubeconfig));
        _running = OperatorProgram.RunAsync(_operator);
        await UntilAsync(async () => await AvailableAsync() is "True", "the APIService is available");
    }

    public async ValueTask DisposeAsync()
    {
        _operator.Lifetime.StopApplication();
        await _running;
        await _operator.DisposeAsync();
        await _fixture.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task The_cluster_decides_who_reads_and_nobody_gets_around_it()
    {
        await OnlyThoseWithARoleReadAsync();
        await ARightOfAnyGroupCountsAsync();
        await HeadersWithoutTheFrontProxyAreWorthNothingAsync();
        await ATokenIsReviewedAsync();
        await NothingIsServedOnThePlainListenerAsync();
        await WithTheDatabaseAwayNobodyIsToldThatThereWasNoSuchTaskAsync();
    }

    private async Task OnlyThoseWithARoleReadAsync()
    {
        var name = _fixture.Cluster.UserNames[1];
        using var somebody = _fixture.Cluster.CreateClient(name);
        using (var refused = await somebody.GetAsync(Uri($"{Root}/namespaces/default/slots"), Cancel))
        {
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Contains(name, await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
        using var admin = _fixture.Cluster.CreateClient();
        await PostAsync(admin, "/apis/rbac.authorization.k8s.io/v1/clusterroles", """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"views"},"rules":[{"apiGroups":["view.berth.dev"],"resources":["slots","tasks/log"],"verbs":["get","list"]}]}""");
        await PostAsync(admin, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", $$$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"views"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"views"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{{{name}}}"}]}""");
        // A refusal is remembered for ten seconds; what was not asked before is judged at once.
        await UntilAsync(async () => (await somebody.GetAsync(Uri($"{Root}/namespaces/default/slots"), Cancel)).StatusCode == HttpStatusCode.OK, "the new role counts");
        Assert.Equal(HttpStatusCode.Forbidden, (await somebody.GetAsync(Uri($"{Root}/namespaces/kube-system/slots"), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await somebody.GetAsync(Uri($"{Root}/namespaces/default/queuepositions"), Cancel)).StatusCode);
    }

    // A service account is in three groups; the right is the second one's.
    private async Task ARightOfAnyGroupCountsAsync()
    {
        using var admin = _fixture.Cluster.CreateClient();
        await PostAsync(admin, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"team"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"views"},"subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"system:serviceaccounts:team"}]}""");
        Assert.Equal(HttpStatusCode.OK, await AsAsync(admin, "system:serviceaccount:team:reader"));
        Assert.Equal(HttpStatusCode.Forbidden, await AsAsync(admin, "system:serviceaccount:others:reader"));
    }

    private static async Task<HttpStatusCode> AsAsync(HttpClient admin, string user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Uri($"{Root}/namespaces/default/slots"));
        request.Headers.Add("Impersonate-User", user);
        using var answer = await admin.SendAsync(request, Cancel);
        return answer.StatusCode;
    }

    private async Task HeadersWithoutTheFrontProxyAreWorthNothingAsync()
    {
        using var direct = Direct();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{_view}{Root}/slots");
        request.Headers.Add("X-Remote-User", "admin");
        request.Headers.Add("X-Remote-Group", "system:masters");
        using var answer = await direct.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private async Task ATokenIsReviewedAsync()
    {
        using var direct = Direct();
        foreach (var (token, expected) in new[] { (_fixture.Cluster.AdminToken, HttpStatusCode.OK), ("nonsense", HttpStatusCode.Unauthorized) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{_view}{Root}/slots");
            request.Headers.Authorization = new("Bearer", token);
            using var answer = await direct.SendAsync(request, Cancel);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    private async Task NothingIsServedOnThePlainListenerAsync()
    {
        using var http = new HttpClient();
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri($"http://127.0.0.1:{_http}{Root}/slots"), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri($"http://127.0.0.1:{_http}/metrics"), Cancel)).StatusCode);
        using var direct = Direct();
        Assert.Equal(HttpStatusCode.NotFound, (await direct.GetAsync(new Uri($"https://127.0.0.1:{_view}/metrics"), Cancel)).StatusCode);
    }

    private async Task WithTheDatabaseAwayNobodyIsToldThatThereWasNoSuchTaskAsync()
    {
        using var admin = _fixture.Cluster.CreateClient();
        using var missing = await admin.GetAsync(Uri($"{Root}/namespaces/default/tasks/nosuch/plan"), Cancel);
        var status = JsonNode.Parse(await missing.Content.ReadAsStringAsync(Cancel))!;
        Assert.Equal((503, "view.berth.dev"), ((int)status["code"]!, (string?)status["details"]!["group"]));
        using var away = await admin.GetAsync(Uri($"{Root}/namespaces/default/tasks/nosuch/history"), Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
        var discovered = JsonNode.Parse(await admin.GetStringAsync(Uri(Root), Cancel))!["resources"]!.AsArray().Select(r => (string?)r!["name"]);
        Assert.Superset(new HashSet<string?> { "tasks/plan", "tasks/log", "tasks/history", "tasks/story", "tasks/checkpoints", "history", "actions", "statistics", "slots", "queuepositions", "connections", "operators" }, discovered.ToHashSet());
    }

    private async Task<string?> AvailableAsync()
    {
        using var admin = _fixture.Cluster.CreateClient();
        var service = JsonNode.Parse(await admin.GetStringAsync(Uri("/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.view.berth.dev"), Cancel))!;
        return (string?)service["status"]?["conditions"]?.AsArray().FirstOrDefault(c => (string?)c!["type"] == "Available")?["status"];
    }

    private static HttpClient Direct()
    {
#pragma warning disable CA2000, CA5399, CA5359 // Disposed with the client; whether the certificate is right is not what is tested here.
        return new HttpClient(new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
#pragma warning restore CA2000, CA5399, CA5359
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (var clock = Stopwatch.StartNew(); !await holds(); await Task.Delay(200, Cancel)) Assert.True(clock.Elapsed < Patience, $"not within a minute: {what}");
    }

    private static async Task PostAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, null, "application/json");
        using var answer = await client.PostAsync(Uri(path), content, Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync(Cancel)}");
    }

    private static Uri Uri(string path) => new(path, UriKind.Relative);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
