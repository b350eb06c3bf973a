using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Berth.Kubernetes.Conformance.Client;

public sealed class CredentialTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SimulatedTime _time = new();
    private readonly ConcurrentQueue<string> _seen = new();
    private volatile string _good = "";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_replaced_token_file_is_read_again_within_a_minute()
    {
        await using var api = await FakeApi.StartAsync(AnswerAsync);
        var file = _directory.Write("token", "one\n");
        using var client = new KubernetesClient(new() { Server = api.Address, TokenFile = file, Token = "inline" }, new() { Time = _time });
        await client.GetVersionAsync();
        _directory.Write("token", "two\n");
        await client.GetVersionAsync();
        _time.Advance(TimeSpan.FromSeconds(61));
        await client.GetVersionAsync();
        Assert.Equal(["Bearer one", "Bearer one", "Bearer two"], _seen);
    }

    [Fact]
    public async Task A_401_reads_the_token_file_at_once_and_repeats_only_with_another_token()
    {
        await using var api = await FakeApi.StartAsync(AnswerAsync);
        var file = _directory.Write("token", "old");
        using var client = new KubernetesClient(new() { Server = api.Address, TokenFile = file }, new() { Time = _time });
        await client.GetVersionAsync();
        _good = "Bearer new";
        _directory.Write("token", "new");
        await client.GetVersionAsync();
        Assert.Equal(["Bearer old", "Bearer old", "Bearer new"], _seen);
        _good = "Bearer newer";
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync());
        Assert.True(error.IsUnauthorized);
        Assert.Equal(4, _seen.Count);
    }

    [Fact]
    public async Task A_plugin_runs_once_for_many_requests_and_again_after_expiry()
    {
        await using var api = await FakeApi.StartAsync(AnswerAsync);
        using var client = new KubernetesClient(new() { Server = api.Address, Exec = Plugin(expires: _time.GetUtcNow().AddMinutes(10)) }, new() { Time = _time });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetVersionAsync()));
        Assert.Single(_seen.Distinct());
        Assert.Equal("x", _directory.Read("runs"));
        _time.Advance(TimeSpan.FromMinutes(11));
        await client.GetVersionAsync();
        Assert.Equal("xx", _directory.Read("runs"));
    }

    [Fact]
    public async Task A_401_forces_the_plugin_once()
    {
        await using var api = await FakeApi.StartAsync(AnswerAsync);
        using var client = new KubernetesClient(new() { Server = api.Address, Exec = Plugin() }, new() { Time = _time });
        await client.GetVersionAsync();
        _good = "Bearer token-2";
        await client.GetVersionAsync();
        Assert.Equal(["Bearer token-1", "Bearer token-1", "Bearer token-2"], _seen);
        _good = "nothing is good";
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync())).IsUnauthorized);
        Assert.Equal("xxx", _directory.Read("runs"));
    }

    [Fact]
    public async Task A_plugin_is_told_about_the_cluster_when_it_asks_to_be()
    {
        await using var api = await FakeApi.StartAsync(AnswerAsync);
        using var client = new KubernetesClient(
            new() { Server = api.Address, TlsServerName = "kube", CertificateAuthorityData = "pem"u8.ToArray(), Exec = Plugin() with { ProvideClusterInfo = true } }, new() { Time = _time });
        await client.GetVersionAsync();
        var told = JsonNode.Parse(_directory.Read("info"))!;
        Assert.Equal("ExecCredential", told["kind"]!.GetValue<string>());
        Assert.Equal(api.Address.ToString(), told["spec"]!["cluster"]!["server"]!.GetValue<string>());
        Assert.Equal("kube", told["spec"]!["cluster"]!["tls-server-name"]!.GetValue<string>());
        Assert.Equal(Convert.ToBase64String("pem"u8), told["spec"]!["cluster"]!["certificate-authority-data"]!.GetValue<string>());
        Assert.False(told["spec"]!["interactive"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("echo broken >&2; exit 3", "code 3: broken")]
    [InlineData("echo '{}'", "answered in")]
    [InlineData("echo nonsense", "did not print")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'""", "neither a token nor")]
    public async Task A_plugin_that_fails_says_what_to_look_at(string script, string message)
    {
        using var client = new KubernetesClient(new() { Server = new("http://127.0.0.1:9"), Exec = Exec(_directory.WriteScript("bad", script)) });
        var error = await Assert.ThrowsAsync<KubernetesConfigException>(() => client.GetVersionAsync());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_plugin_gives_its_install_hint()
    {
        using var client = new KubernetesClient(new() { Server = new("http://127.0.0.1:9"), Exec = Exec("/nonexistent/plugin") with { InstallHint = "Install it so." } });
        var error = await Assert.ThrowsAsync<KubernetesConfigException>(() => client.GetVersionAsync());
        Assert.Contains("Install it so.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_from_a_plugin_is_presented_and_its_successor_too()
    {
        using var authority = new TestAuthority();
        var thumbprints = new List<string>();
        foreach (var number in (int[])[1, 2])
        {
            var (certificate, key, thumbprint) = authority.ClientPem($"user{number}");
            thumbprints.Add(thumbprint);
            _directory.Write($"answer{number}", new JsonObject
            {
                ["apiVersion"] = "client.authentication.k8s.io/v1",
                ["kind"] = "ExecCredential",
                ["status"] = new JsonObject { ["clientCertificateData"] = Encoding.UTF8.GetString(certificate), ["clientKeyData"] = Encoding.UTF8.GetString(key) },
            }.ToJsonString());
        }
        var refuse = "";
        await using var api = await FakeApi.StartAsync(async http =>
        {
            var thumbprint = (await http.Connection.GetClientCertificateAsync())?.Thumbprint ?? "";
            if (thumbprint == refuse) await FakeApi.Status(http, 401, "Unauthorized");
            else await FakeApi.Json(http, 200, $$"""{"gitVersion":"{{thumbprint}}"}""");
        }, authority.ServerFor("127.0.0.1"), clientCertificates: true);
        var script = _directory.WriteScript("certs", "cd $(dirname $0); printf x >>runs; cat answer$(wc -c <runs)");
        using var client = new KubernetesClient(new() { Server = api.Address, CertificateAuthorityData = authority.Pem, Exec = Exec(script) });
        Assert.Equal(thumbprints[0], await client.GetVersionAsync());
        refuse = thumbprints[0];
        Assert.Equal(thumbprints[1], await client.GetVersionAsync());
    }

    [Fact]
    public async Task Basic_credentials_and_impersonation_are_sent()
    {
        IHeaderDictionary? headers = null;
        await using var api = await FakeApi.StartAsync(http =>
        {
            headers = new HeaderDictionary(http.Request.Headers.ToDictionary());
            return FakeApi.Json(http, 200, "{}");
        });
        using var client = new KubernetesClient(new()
        {
            Server = api.Address,
            Username = "jane",
            Password = "secret",
            ImpersonateUser = "joe",
            ImpersonateGroups = ["a", "b"],
        });
        await client.GetVersionAsync();
        Assert.Equal("Basic " + Convert.ToBase64String("jane:secret"u8), headers!.Authorization.ToString());
        Assert.Equal("joe", headers["Impersonate-User"].ToString());
        Assert.Equal(["a", "b"], headers["Impersonate-Group"].SelectMany(static g => g!.Split(',', StringSplitOptions.TrimEntries)));
    }

    [Fact]
    public async Task A_proxy_gets_the_request()
    {
        var targets = new ConcurrentQueue<string>();
        await using var proxy = await FakeApi.StartAsync(http =>
        {
            targets.Enqueue($"{http.Request.Host}{http.Request.Path} {http.Request.Headers.ProxyAuthorization}");
            return FakeApi.Json(http, 200, """{"gitVersion":"through the proxy"}""");
        });
        using var client = new KubernetesClient(new() { Server = new("http://kube.invalid:8080"), ProxyUrl = proxy.Address });
        Assert.Equal("through the proxy", await client.GetVersionAsync());
        Assert.StartsWith("kube.invalid:8080/version", targets.Single(), StringComparison.Ordinal);
    }

    private static ExecConfig Exec(string command) => new() { ApiVersion = "client.authentication.k8s.io/v1", Command = command };

    private ExecConfig Plugin(DateTimeOffset? expires = null)
    {
        var until = expires is { } at ? $"\\\"expirationTimestamp\\\":\\\"{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\\\"," : "";
        return Exec(_directory.WriteScript("plugin", $$$"""
            cd $(dirname $0); sleep 0.1; printf x >>runs; printf %s "$KUBERNETES_EXEC_INFO" >info
            echo "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{ {{{until}}}\"token\":\"token-$(wc -c <runs | tr -d ' ')\" } }"
            """));
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var sent = http.Request.Headers.Authorization.ToString();
        _seen.Enqueue(sent);
        if (_good.Length > 0 && sent != _good) await FakeApi.Status(http, 401, "Unauthorized");
        else await FakeApi.Json(http, 200, """{"gitVersion":"v1"}""");
    }
}
