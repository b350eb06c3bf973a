using System.Collections.Concurrent;
using System.Text;
using Xunit;

namespace Berth.Kubernetes.Conformance.Client;

public sealed class TlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task The_right_certificate_is_accepted_and_http2_is_spoken()
    {
        var protocols = new ConcurrentQueue<string>();
        await using var api = await FakeApi.StartAsync(http =>
        {
            protocols.Enqueue(http.Request.Protocol);
            return FakeApi.Json(http, 200, """{"gitVersion":"v9"}""");
        }, _authority.ServerFor("127.0.0.1"));
        using var client = new KubernetesClient(new() { Server = api.Address, CertificateAuthorityData = _authority.Pem });
        Assert.Equal("v9", await client.GetVersionAsync());
        Assert.Equal(["HTTP/2"], protocols);
    }

    [Theory]
    [InlineData("other.example", null, false)]
    [InlineData("other.example", "other.example", true)]
    [InlineData("127.0.0.1", "other.example", false)]
    [InlineData("localhost", null, false)]
    public async Task A_certificate_for_another_host_under_the_right_authority_is_refused(string certificateFor, string? serverName, bool accepted)
    {
        string? host = null;
        await using var api = await FakeApi.StartAsync(http =>
        {
            host = http.Request.Host.Host;
            return FakeApi.Json(http, 200, """{"gitVersion":"v9"}""");
        }, _authority.ServerFor(certificateFor));
        using var client = new KubernetesClient(new() { Server = api.Address, CertificateAuthorityData = _authority.Pem, TlsServerName = serverName });
        if (accepted)
        {
            Assert.Equal("v9", await client.GetVersionAsync());
            Assert.Equal(serverName, host);
            return;
        }
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync());
        Assert.True(error.IsNoAnswer);
        Assert.Null(host);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_certificate_of_another_authority_is_refused_unless_verification_is_off(bool insecure)
    {
        using var other = new TestAuthority();
        await using var api = await FakeApi.StartAsync(static http => FakeApi.Json(http, 200, """{"gitVersion":"v9"}"""), other.ServerFor("127.0.0.1"));
        using var client = new KubernetesClient(new()
        {
            Server = api.Address,
            CertificateAuthorityData = insecure ? null : _authority.Pem,
            InsecureSkipTlsVerify = insecure,
        });
        if (insecure) Assert.Equal("v9", await client.GetVersionAsync());
        else Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync())).IsNoAnswer);
    }

    [Fact]
    public async Task A_rotated_authority_is_used_at_the_next_handshake()
    {
        using var directory = new TemporaryDirectory();
        using var next = new TestAuthority();
        var file = directory.Write("ca.crt", Encoding.UTF8.GetString(_authority.Pem));
        await using var first = await FakeApi.StartAsync(static http => FakeApi.Json(http, 200, """{"gitVersion":"v1"}"""), _authority.ServerFor("127.0.0.1"));
        await using var second = await FakeApi.StartAsync(static http => FakeApi.Json(http, 200, """{"gitVersion":"v2"}"""), next.ServerFor("127.0.0.1"));
        using var before = new KubernetesClient(new() { Server = first.Address, CertificateAuthorityFile = file });
        using var after = new KubernetesClient(new() { Server = second.Address, CertificateAuthorityFile = file });
        Assert.Equal("v1", await before.GetVersionAsync());
        await Assert.ThrowsAsync<KubernetesException>(() => after.GetVersionAsync());
        directory.Write("ca.crt", Encoding.UTF8.GetString(next.Pem));
        Assert.Equal("v2", await after.GetVersionAsync());
        Assert.Equal("v1", await before.GetVersionAsync());
    }

    [Fact]
    public async Task A_client_certificate_is_presented()
    {
        var (certificate, key, thumbprint) = _authority.ClientPem("jane");
        await using var api = await FakeApi.StartAsync(
            static async http => await FakeApi.Json(http, 200, $$"""{"gitVersion":"{{(await http.Connection.GetClientCertificateAsync())?.Thumbprint}}"}"""),
            _authority.ServerFor("127.0.0.1"), clientCertificates: true);
        using var client = new KubernetesClient(new()
        {
            Server = api.Address,
            CertificateAuthorityData = _authority.Pem,
            ClientCertificate = new(null, certificate),
            ClientKey = new(null, key),
        });
        Assert.Equal(thumbprint, await client.GetVersionAsync());
    }
}
