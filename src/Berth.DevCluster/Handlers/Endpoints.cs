using System.Text.Json.Nodes;
using Berth.DevCluster.Discovery;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Json;
using Berth.DevCluster.OpenApi;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Watching;
using Berth.DevCluster.Writing;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Handlers;

/// <summary>What can answer a request.</summary>
internal sealed class Endpoints(Cluster cluster, ListHandler list, WatchHandler watch, WriteHandlers writes, ObjectDeletion deletion,
    Subresources subresources, Reviews reviews, DiscoveryHandler discovery, OpenApiHandler openApi, CustomResourceDefinitions definitions)
{
    public ListHandler List => list;

    public WatchHandler Watch => watch;

    public Task Get(ApiRequest request, Target target) => ObjectWriter.Write(request, target, target.Stored().Json, 200, cluster);

    public async Task Create(ApiRequest request, Target target)
    {
        await writes.Create(request, target);
        definitions.AfterWrite(target);
    }

    public async Task Put(ApiRequest request, Target target)
    {
        await writes.Put(request, target);
        definitions.AfterWrite(target);
    }

    public async Task Patch(ApiRequest request, Target target)
    {
        await writes.Patch(request, target);
        definitions.AfterWrite(target);
    }

    public async Task Delete(ApiRequest request, Target target)
    {
        var result = deletion.Delete(request, target, await Options(request, target));
        definitions.AfterWrite(target);
        if (!result.Removed || target.Resource.Strategy.ReturnsDeletedObject)
        {
            await ObjectWriter.Write(request, target, result.Object.Json, 200, cluster);
            return;
        }
        var details = StatusException.Detail(target.Name, target.Resource.Group, target.Resource.Plural);
        details["uid"] = result.Object.Uid;
        await Responses.Json(request.Http, 200, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        });
    }

    public async Task DeleteCollection(ApiRequest request, Target target)
    {
        var options = await Options(request, target);
        var (items, _) = list.Select(request, target);
        var revision = cluster.Store.Revision;
        foreach (var item in items)
        {
            try
            {
                deletion.Delete(request, target with { Namespace = item.Namespace, Name = item.Name }, options with { Uid = item.Uid });
            }
            catch (StatusException gone) when (gone.Code is 404 or 409)
            {
                // Somebody else deleted it, or made another of that name: it is not in this collection any more.
            }
        }
        definitions.AfterWrite(target);
        await ListWriter.Write(request, target, new ListPage(items, revision, "", null), cluster);
    }

    public Task Subresource(ApiRequest request, Target target) => subresources.Handle(request, target);

    public Task Review(ApiRequest request, Target target) => reviews.Handle(request, target);

    /// <summary>Paths that are not resources. False when there is nothing there.</summary>
    public async Task<bool> Other(HttpContext http, UserInfo user, string path)
    {
        switch (path)
        {
            case "/version" or "/version/":
                await Responses.Json(http, 200, ServerVersion.Body());
                return true;
            case "/metrics":
                await Responses.Text(http, 200, cluster.Requests.Text());
                return true;
            case "/":
                await Responses.Json(http, 200, new JsonObject { ["paths"] = new JsonArray("/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version") });
                return true;
            case "/.well-known/openid-configuration":
                await Responses.Json(http, 200, new JsonObject { ["issuer"] = ServiceAccountTokens.Issuer, ["id_token_signing_alg_values_supported"] = new JsonArray("ES256") });
                return true;
        }
        return await HealthChecks.TryHandle(http, path) || await openApi.TryHandle(http, path) || await discovery.TryHandle(http, path);
    }

    private static async Task<DeleteOptions> Options(ApiRequest request, Target target)
    {
        var body = await RequestBody.Read(request.Http);
        var given = ObjectDecoder.Loose(request, "DeleteOptions", body, "meta/v1.DeleteOptions") ?? [];
        if (request.Query("gracePeriodSeconds") is { Length: > 0 } text && !long.TryParse(text, out _))
            throw StatusException.BadRequest($"strconv.ParseInt: parsing {FieldError.Quote(text)}: invalid syntax");
        long? grace = long.TryParse(request.Query("gracePeriodSeconds"), out var seconds) ? seconds : given.Number("gracePeriodSeconds");
        var policy = request.Query("propagationPolicy") is { Length: > 0 } asked ? asked : given.Text("propagationPolicy");
        if (given.Flag("orphanDependents") is not null && policy is not null)
            throw FieldErrors.Invalid("meta.k8s.io", "DeleteOptions", "", FieldError.InvalidText("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"));
        if (given.Flag("orphanDependents") is { } orphan) policy ??= orphan ? "Orphan" : "Background";
        if (policy is not (null or "Orphan" or "Foreground" or "Background"))
        {
            throw FieldErrors.Invalid("meta.k8s.io", "DeleteOptions", "",
                new FieldError("FieldValueNotSupported", "propagationPolicy", $"Unsupported value: {FieldError.Quote(policy)}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""));
        }
        return new DeleteOptions(grace, policy, given.Text("preconditions", "uid"), given.Text("preconditions", "resourceVersion"),
            request.DryRun || given.Strings("dryRun").Contains("All"));
    }
}
