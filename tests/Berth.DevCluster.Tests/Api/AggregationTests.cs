using System.Net;
using Berth.DevCluster.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>Another API server behind this one.</summary>
public sealed class AggregationTests
{
    private const string Resources = """{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"view.example.com/v1","resources":[{"name":"plans","singularName":"plan","namespaced":true,"kind":"Plan","verbs":["get"]}]}""";

    [Fact]
    public async Task A_group_of_another_server_is_discovered_proxied_and_told_who_asks()
    {
        using var authority = CertificateAuthority.Create("backend");
        await using var cluster = await DevCluster.StartAsync(new() { Controllers = false });
        await using var backend = await Backend(authority, cluster);
        var port = new Uri(backend.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
        using var api = new TestApi(cluster);
        await api.Post("/api/v1/namespaces/default/services",
            $$$"""{"metadata":{"name":"viewer","annotations":{"dev.berth/service-address":"127.0.0.1:{{{port}}}"} },"spec":{"ports":[{"port":443}]} }""");
        var bundle = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(authority.Pem));
        var registered = await api.Post("/apis/apiregistration.k8s.io/v1/apiservices",
            $$$"""{"metadata":{"name":"v1.view.example.com"},"spec":{"group":"view.example.com","version":"v1","groupPriorityMinimum":100,"versionPriority":10,"caBundle":"{{{bundle}}}","service":{"namespace":"default","name":"viewer","port":443} } }""");
        Assert.Equal(201, registered.Status);

        var answer = await api.Send(HttpMethod.Get, "/apis/view.example.com/v1/namespaces/default/plans/p?x=1", null, null, ("Impersonate-User", "alice"), ("X-Remote-User", "mallory"));
        // A line for each group, and a comma in one does not make two of it.
        var many = await api.Send(HttpMethod.Get, "/apis/view.example.com/v1/namespaces/default/plans/p", null, null, ("Impersonate-User", "zoe"), ("Impersonate-Group", "first, and last"));
        Assert.StartsWith("zoe|first, and last+system:authenticated|", (string)many.Body["text"]!, StringComparison.Ordinal);
        Assert.Equal("alice|system:authenticated|front-proxy-client|/apis/view.example.com/v1/namespaces/default/plans/p?x=1", (string)answer.Body["text"]!);
        Assert.Contains("view.example.com", (await api.Get("/apis")).Body.ToJsonString(), StringComparison.Ordinal);
        for (var attempt = 0; ; attempt++)
        {
            var conditions = (await api.Get("/apis/apiregistration.k8s.io/v1/apiservices/v1.view.example.com")).Body["status"]?["conditions"]?.ToJsonString() ?? "";
            if (conditions.Contains("\"status\":\"True\"", StringComparison.Ordinal)) break;
            Assert.True(attempt < 200, conditions);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_unavailable_and_says_so()
    {
        await using var cluster = await DevCluster.StartAsync(new() { Controllers = false });
        using var api = new TestApi(cluster);
        await api.Post("/apis/apiregistration.k8s.io/v1/apiservices",
            """{"metadata":{"name":"v1.view.example.com"},"spec":{"group":"view.example.com","version":"v1","groupPriorityMinimum":100,"versionPriority":10,"service":{"namespace":"default","name":"nobody"}}}""");
        Assert.Equal((503, "ServiceUnavailable"), await Answered(api));
    }

    private static async Task<(int, string)> Answered(TestApi api)
    {
        var reply = await api.Get("/apis/view.example.com/v1/namespaces/default/plans");
        return (reply.Status, reply.Reason);
    }

    private static async Task<WebApplication> Backend(CertificateAuthority authority, DevCluster cluster)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0, l => l.UseHttps(h =>
        {
            h.ServerCertificate = authority.IssueServer("viewer.default.svc");
            h.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            h.ClientCertificateValidation = (certificate, _, _) => ClientCertificates.Read(certificate, cluster.State.Credentials.FrontProxy) is not null;
        })));
        var app = builder.Build();
        app.Run(async http =>
        {
            if (http.Request.Path == "/apis/view.example.com/v1")
            {
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(Resources);
                return;
            }
            var name = http.Connection.ClientCertificate!.GetNameInfo(System.Security.Cryptography.X509Certificates.X509NameType.SimpleName, false);
            await http.Response.WriteAsync($"{http.Request.Headers["X-Remote-User"]}|{string.Join('+', http.Request.Headers["X-Remote-Group"].ToArray())}|{name}|{http.Request.Path}{http.Request.QueryString}");
        });
        await app.StartAsync();
        return app;
    }
}
