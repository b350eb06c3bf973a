using System.Security.Cryptography.X509Certificates;
using System.Text;
using Berth.Kubernetes;
using Berth.Operator.Gateway;
using Berth.Operator.Options;
using Berth.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.Gateway;

/// <summary>The gateway's certificate over the years: renewed, its CA changed, by us and by others.</summary>
public sealed class GatewayCertificatesTests : IAsyncLifetime
{
    private readonly Clock _clock = new();
    private DevClusterFixture _fixture = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _fixture = await DevClusterFixture.StartAsync();
        var folder = Directory.CreateTempSubdirectory("gc-");
        _client = new KubernetesClient(KubernetesConfig.Load(await _fixture.WriteKubeconfig(folder.FullName)));
        folder.Delete(recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _fixture.DisposeAsync();
    }

    [Fact]
    public async Task Two_replicas_serve_the_same_and_a_renewal_keeps_the_CA_while_that_outlives_it()
    {
        var ns = await _fixture.Namespace();
        GatewayCertificates one = Certificates(ns), two = Certificates(ns);
        await one.LoadAsync(CancellationToken.None);
        await two.LoadAsync(CancellationToken.None);
        var (serial, authority) = (one.Certificate.SerialNumber, one.Authority);
        Assert.Equal(serial, two.Certificate.SerialNumber);

        _clock.Now += TimeSpan.FromDays(310);
        await one.LoadAsync(CancellationToken.None);
        await two.LoadAsync(CancellationToken.None);
        Assert.NotEqual(serial, one.Certificate.SerialNumber);
        Assert.Equal(one.Certificate.SerialNumber, two.Certificate.SerialNumber);
        Assert.Equal(authority, one.Authority);
        Assert.True(Verifies(one.Authority, one.Certificate, _clock.Now));
    }

    [Fact]
    public async Task A_new_CA_is_told_first_and_served_only_after_the_overlap()
    {
        var ns = await _fixture.Namespace();
        var certificates = Certificates(ns);
        await certificates.LoadAsync(CancellationToken.None);
        var old = certificates.Authority;
        // Two renewals on, the CA would end before a third certificate does.
        for (var renewal = 0; renewal < 2; renewal++)
        {
            _clock.Now += TimeSpan.FromDays(310);
            await certificates.LoadAsync(CancellationToken.None);
            Assert.Equal(old, certificates.Authority);
        }
        var serial = certificates.Certificate.SerialNumber;
        _clock.Now += TimeSpan.FromDays(310);
        await certificates.LoadAsync(CancellationToken.None);
        Assert.Equal(2, Count(certificates.Authority));
        Assert.StartsWith(old.Trim(), certificates.Authority, StringComparison.Ordinal);
        Assert.Equal(serial, certificates.Certificate.SerialNumber);
        Assert.True(Verifies(old, certificates.Certificate, _clock.Now));

        _clock.Now += GatewayCertificates.Overlap;
        await certificates.LoadAsync(CancellationToken.None);
        Assert.NotEqual(serial, certificates.Certificate.SerialNumber);
        Assert.True(Verifies(certificates.Authority, certificates.Certificate, _clock.Now));
        // A replica that starts now tells both as well: the Secret holds both.
        var late = Certificates(ns);
        await late.LoadAsync(CancellationToken.None);
        Assert.Equal(2, Count(late.Authority));
        Assert.Equal(certificates.Certificate.SerialNumber, late.Certificate.SerialNumber);
    }

    [Fact]
    public async Task A_Secret_of_somebody_else_is_read_and_never_written()
    {
        var ns = await _fixture.Namespace();
        var certificates = Certificates(ns, make: false);
        var missing = await Assert.ThrowsAsync<GatewayCertificateException>(() => certificates.LoadAsync(CancellationToken.None));
        Assert.Contains($"Secret {ns}/gateway does not exist", missing.Message, StringComparison.Ordinal);

        // As cert-manager writes it: one CA, no key of it.
        await PutAsync(ns, GatewayPair.Make(null, _clock.Now));
        await certificates.LoadAsync(CancellationToken.None);
        var (serial, first) = (certificates.Certificate.SerialNumber, certificates.Authority);
        await PutAsync(ns, GatewayPair.Make(null, _clock.Now));
        var version = (await SecretAsync(ns)).Metadata.ResourceVersion;
        await certificates.LoadAsync(CancellationToken.None);
        Assert.Equal(serial, certificates.Certificate.SerialNumber);
        Assert.Equal(2, Count(certificates.Authority));
        _clock.Now += GatewayCertificates.Overlap;
        await certificates.LoadAsync(CancellationToken.None);
        Assert.NotEqual(serial, certificates.Certificate.SerialNumber);
        Assert.False(Verifies(first, certificates.Certificate, _clock.Now));
        Assert.True(Verifies(certificates.Authority, certificates.Certificate, _clock.Now));
        _clock.Now += TimeSpan.FromDays(350);
        await certificates.LoadAsync(CancellationToken.None);
        Assert.Equal(version, (await SecretAsync(ns)).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_broken_Secret_of_ours_is_made_anew_and_one_of_others_is_named()
    {
        var ns = await _fixture.Namespace();
        await PutAsync(ns, new() { ["ca.crt"] = Encoding.ASCII.GetBytes("nonsense"), ["tls.crt"] = [], ["tls.key"] = [], ["ca.key"] = [1] });
        var named = await Assert.ThrowsAsync<GatewayCertificateException>(() => Certificates(ns, make: false).LoadAsync(CancellationToken.None));
        Assert.Contains("lacks ca.crt, tls.crt or tls.key", named.Message, StringComparison.Ordinal);
        var certificates = Certificates(ns);
        await certificates.LoadAsync(CancellationToken.None);
        Assert.True(Verifies(certificates.Authority, certificates.Certificate, _clock.Now));
    }

    private GatewayCertificates Certificates(string ns, bool make = true) => new(
        _client, new OperatorOptions { Operator = new() { Namespace = ns }, Gateway = new() { CertificateSecret = "gateway", MakeCertificate = make } }, _clock, NullLogger<GatewayCertificates>.Instance);

    private async Task PutAsync(string ns, Dictionary<string, byte[]> data)
    {
        if (data.Count == 4 && data["ca.key"].Length > 1) data.Remove("ca.key");
        if (await _client.TryGetAsync(Berth.Kubernetes.Resources.Secrets, new ObjectKey(ns, "gateway")) is { } known) await _client.ReplaceAsync(Berth.Kubernetes.Resources.Secrets, known with { Data = data });
        else await _client.CreateAsync(Berth.Kubernetes.Resources.Secrets, new Secret { Metadata = new() { Name = "gateway", Namespace = ns }, Type = "Opaque", Data = data }, ns);
    }

    private async Task<Secret> SecretAsync(string ns) => (await _client.TryGetAsync(Berth.Kubernetes.Resources.Secrets, new ObjectKey(ns, "gateway")))!;

    private static int Count(string pem) => pem.Split("BEGIN CERTIFICATE").Length - 1;

    private static bool Verifies(string authority, X509Certificate2 certificate, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = at.LocalDateTime;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authority);
        return chain.Build(certificate);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
