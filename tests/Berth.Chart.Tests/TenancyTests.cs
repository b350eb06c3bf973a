using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>What belongs to a namespace stays there, and the cluster's own limits hold for Berth.</summary>
public sealed class TenancyTests
{
    public static TheoryData<string> Helm => [Tool.All("helm").First().Data];

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task Nothing_of_another_namespace_is_used_and_quotas_are_said_in_plain_words(string helm)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        foreach (var ns in new[] { "one", "two" }) await site.AdminAsync("create", "namespace", ns);
        await site.InstallAsync([.. site.Values(), "--set", "secretNamespaces={one,two}"]);
        await site.RolledOutAsync();

        // The other namespace has the pool, the ConfigMap and the Secret: a task here finds none of them.
        await site.CreateAsync(site.Admin, "two", Work.Pool());
        await site.AdminAsync("-n", "two", "create", "configmap", "settings", "--from-literal=A=b");
        await site.AdminAsync("-n", "two", "create", "secret", "generic", "token", "--from-literal=T=x");
        await site.CreateAsync(site.Admin, "one", Work.Run("nopool", "w", "true"));
        await site.WaitAsync("one", "task/nopool", "jsonpath={.status.reason}=PoolNotFound");
        await site.AdminAsync("-n", "one", "create", "quota", "few", "--hard=count/tasks.berth.dev=3,pods=1");
        await site.CreateAsync(site.Admin, "one", Work.Pool());
        await site.WaitAsync("one", "task/nopool", "condition=Succeeded");
        await site.CreateAsync(site.Admin, "one", Work.Run("nomap", "w", "true", more: ", envFrom: [{configMapRef: {name: settings}}]"));
        await site.WaitAsync("one", "task/nomap", "jsonpath={.status.reason}=InputMissing");
        Assert.Contains("ConfigMap one/settings does not exist", (string)(await site.GetAsync("one", "task/nomap"))["status"]!["message"]!, StringComparison.Ordinal);
        await site.CreateAsync(site.Admin, "one", Work.Run("nosecret", "w2", "true", more: ", envFrom: [{secretRef: {name: token}}]"));
        await site.WaitAsync("one", "task/nosecret", "jsonpath={.status.reason}=InputMissing");
        Assert.Contains("Secret one/token does not exist", (string)(await site.GetAsync("one", "task/nosecret"))["status"]!["message"]!, StringComparison.Ordinal);
        string Across(string reference) => Work.Run("across", "w", "true").Replace("poolRef: {name: pool}", reference, StringComparison.Ordinal);
        await site.RefusedAsync(site.Admin, "unknown field \"spec.poolRef.namespace\"", "-n", "two", "create", "-f", await site.FileAsync("x.yaml", Across("poolRef: {name: pool, namespace: one}")));
        await site.CreateAsync(site.Admin, "two", Across("poolRef: {name: one/pool}"));
        await site.WaitAsync("two", "task/across", "jsonpath={.status.reason}=PoolNotFound");

        await site.RefusedAsync(site.Admin, "exceeded quota: few, requested: count/tasks.berth.dev=1, used: count/tasks.berth.dev=3, limited: count/tasks.berth.dev=3", "-n", "one", "create", "-f", await site.FileAsync("x.yaml", Work.Run("fourth", "w", "true")));
        await site.AdminAsync("-n", "one", "scale", "agentpool", "pool", "--replicas=2");
        await site.UntilAsync(async () => (await site.AdminAsync("-n", "one", "get", "agentpool", "pool", "-o", "jsonpath={.status.conditions}")) is var says && says.Contains("QuotaExceeded", StringComparison.Ordinal) && says.Contains("exceeded quota: few", StringComparison.Ordinal), "the pool says that the quota refuses its pod");
        Assert.Empty(site.Denied);
    }

    [Theory, MemberData(nameof(Helm)), Trait("Suite", "Long")]
    public async Task A_changed_certificate_is_served_without_a_restart_and_agents_are_told_of_a_new_CA_first(string helm)
    {
        await using var site = await Site.StartWithPodsAsync(helm);
        await site.AdminAsync("create", "namespace", "team");
        using var first = Authority("first");
        await site.CreateAsync(site.Admin, Site.Namespace, CertificateSecret(first));
        await site.InstallAsync([.. site.Values(), "--set", "gateway.tls.make=false", "--set", "gateway.tls.secretName=brought"]);
        await site.RolledOutAsync();
        await site.CreateAsync(site.Admin, "team", Work.Pool());
        await site.CreateAsync(site.Admin, "team", Work.Run("before", "w", "true"));
        await site.WaitAsync("team", "task/before", "condition=Succeeded");
        var served = await ServedAsync(site.Gateway, first);

        await site.AdminAsync("-n", Site.Namespace, "apply", "--server-side", "--force-conflicts", "-f", await site.FileAsync("s.yaml", CertificateSecret(first)));
        await site.UntilAsync(async () => await ServedAsync(site.Gateway, first) != served, "the new certificate of the same CA is served", 90);
        served = await ServedAsync(site.Gateway, first);
        using var second = Authority("second");
        await site.AdminAsync("-n", Site.Namespace, "apply", "--server-side", "--force-conflicts", "-f", await site.FileAsync("s.yaml", CertificateSecret(second)));
        await site.UntilAsync(async () => (string)(await site.GetAsync("team", "configmap/berth-gateway"))["data"]!["ca.crt"]! is var told && told.Contains(Body(first), StringComparison.Ordinal) && told.Contains(Body(second), StringComparison.Ordinal), "agents are told of both CAs", 120);
        Assert.Equal(served, await ServedAsync(site.Gateway, first));
        await site.CreateAsync(site.Admin, "team", Work.Run("after", "w", "true"));
        await site.WaitAsync("team", "task/after", "condition=Succeeded");
        Assert.Equal("0", await site.AdminAsync("-n", Site.Namespace, "get", "pods", "-l", "app.kubernetes.io/component=operator", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}"));
        Assert.Empty(site.Denied);
    }

    private static string Body(X509Certificate2 certificate) => certificate.ExportCertificatePem().Split('\n')[3];

    /// <summary>Serial number of the certificate that the gateway shows; it must be of this CA and for the fixed name.</summary>
    private static async Task<string> ServedAsync(int port, X509Certificate2 authority)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(socket.GetStream());
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "berth-gateway.berth.svc", CertificateChainPolicy = policy });
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(400));
    }

    /// <summary>What cert-manager writes for the chart's Certificate.</summary>
    private static string CertificateSecret(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=berth-gateway.berth.svc", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("berth-gateway.berth.svc");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(90), RandomNumberGenerator.GetBytes(16));
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = "brought" },
            ["type"] = "kubernetes.io/tls",
            ["stringData"] = new JsonObject { ["ca.crt"] = authority.ExportCertificatePem(), ["tls.crt"] = certificate.ExportCertificatePem(), ["tls.key"] = key.ExportPkcs8PrivateKeyPem() },
        }.ToJsonString();
    }
}
