using Berth.DevCluster.Access;
using Berth.DevCluster.Aggregation;
using Berth.DevCluster.Faults;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Selecting;
using Berth.DevCluster.Writing;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Http;

/// <summary>Takes one authenticated request to what answers it.</summary>
internal sealed class Dispatcher(Cluster cluster, IAuthorizer authorizer, Endpoints endpoints, AggregatedApis aggregated)
{
    public async Task Handle(HttpContext http, UserInfo user)
    {
        var path = http.Request.Path.Value ?? "/";
        var parsed = RequestInfo.Parse(path);
        if (await Aggregated(http, user, path, parsed)) return;
        if (parsed is not { } info || cluster.Registry.Find(info.Group, info.Resource) is not { } resource || resource.Version(info.Version) is not { } version)
        {
            Authorize(user, new AccessAttributes(http.Request.Method.ToLowerInvariant(), "", "", "", "", "", path));
            if (await endpoints.Other(http, user, path)) return;
            if (IsBuiltin(path)) throw StatusException.NoSuchResource();
            await Responses.NotFoundPage(http);
            return;
        }
        var request = new ApiRequest(http, info, user);
        if (info.Rest.Length > 0 && info.Subresource != "proxy" || (info.Namespace.Length > 0 && !resource.Namespaced))
        {
            if (resource.Custom is null) throw StatusException.NoSuchResource();
            await Responses.NotFoundPage(http);
            return;
        }
        var target = new Target(resource, version, info.Namespace, info.Name, info.Subresource);
        var verb = Verb(http, target.Name.Length > 0);
        // Who may list one object by its name asks for it by a field selector.
        var name = verb is "list" or "watch" or "deletecollection" ? FieldSelector.NameIn(request.Query("fieldSelector")) : info.Name;
        var attributes = new AccessAttributes(verb, info.Group, info.Resource, info.Subresource, info.Namespace, name);
        try
        {
            await ServeAsync(http, user, request, target, version, attributes);
            cluster.Requests.Answered(attributes, http.Response.StatusCode);
        }
        catch (StatusException failure)
        {
            cluster.Requests.Answered(attributes, failure.Code);
            throw;
        }
    }

    private async Task ServeAsync(HttpContext http, UserInfo user, ApiRequest request, Target target, ServedVersion version, AccessAttributes attributes)
    {
        Authorize(user, attributes);
        if (!request.IsAcceptable && target.Subresource != "log") throw NotAcceptable(target);
        if (target.Subresource.Length > 0 && version.Subresource(target.Subresource) is null)
        {
            throw target.Resource.Custom is null ? StatusException.NoSuchResource() : target.NotFound();
        }
        if (cluster.Faults is { } faults) await FaultGate.Pass(faults, http, user.Name, attributes, () => Dispatch(request, target, attributes.Verb));
        else await Dispatch(request, target, attributes.Verb);
    }

    // Whether a path lies under a group and version of built-in kinds.
    private bool IsBuiltin(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["api", var version, _, ..] => Serves("", version),
            ["apis", var group, var version, _, ..] => Serves(group, version),
            _ => false,
        };
        bool Serves(string group, string version) => cluster.Registry.All.Any(r => r.Custom is null && r.Group == group && r.Version(version) is not null);
    }

    private static StatusException NotAcceptable(Target target) => target.Resource.Custom is null
        ? StatusException.NoRepresentation("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
        : StatusException.NotAcceptable("application/json", "application/yaml");

    // A group and version that another server serves, its discovery and documents included.
    private async Task<bool> Aggregated(HttpContext http, UserInfo user, string path, RequestInfo? info)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["openapi", "v3", "apis", ..]) parts = parts[2..];
        if (parts.Length < 3 || parts[0] != "apis" || aggregated.Find(parts[1], parts[2]) is not { } service) return false;
        if (info is null) Authorize(user, new AccessAttributes(http.Request.Method.ToLowerInvariant(), "", "", "", "", "", path));
        else Authorize(user, new AccessAttributes(Verb(http, info.Name.Length > 0), info.Group, info.Resource, info.Subresource, info.Namespace, info.Name));
        await aggregated.Forward(http, user, service);
        return true;
    }

    private Task Dispatch(ApiRequest request, Target target, string verb)
    {
        if (target.Subresource.Length > 0 && target.Subresource is not "status") return endpoints.Subresource(request, target);
        if (target.Resource.Virtual) return endpoints.Review(request, target);
        return verb switch
        {
            "get" => endpoints.Get(request, target),
            "list" => endpoints.List.Handle(request, target),
            "watch" => endpoints.Watch.Handle(request, target),
            "create" when target.Name.Length == 0 && (target.Namespace.Length > 0 || !target.Resource.Namespaced) => endpoints.Create(request, target),
            "update" when target.Name.Length > 0 => endpoints.Put(request, target),
            "patch" when target.Name.Length > 0 => endpoints.Patch(request, target),
            "delete" when target.Subresource.Length == 0 => endpoints.Delete(request, target),
            "update" when target.Resource.Custom is not null => throw StatusException.BadRequest("name must be provided"),
            "deletecollection" when target.Resource is not { Group: "", Plural: "namespaces" } => endpoints.DeleteCollection(request, target),
            _ => throw StatusException.MethodNotAllowed(),
        };
    }

    private void Authorize(UserInfo user, AccessAttributes attributes)
    {
        var (allowed, reason) = authorizer.Authorize(user, attributes);
        if (allowed) return;
        var denial = AccessDenial.For(user, attributes, reason);
        cluster.Options.Denied?.Invoke(denial.Message);
        throw denial;
    }

    private static string Verb(HttpContext http, bool named)
    {
        switch (http.Request.Method)
        {
            case "GET":
                if (http.Request.Query["watch"].ToString() is "true" or "1" && !named) return "watch";
                return named ? "get" : "list";
            case "POST": return "create";
            case "PUT": return "update";
            case "PATCH": return "patch";
            case "DELETE": return named ? "delete" : "deletecollection";
            default: throw StatusException.MethodNotAllowed();
        }
    }
}
