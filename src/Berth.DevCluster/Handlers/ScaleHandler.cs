using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Patching;
using Berth.DevCluster.Tables;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>The scale subresource of custom and built-in kinds.</summary>
internal sealed class ScaleHandler(ObjectUpdate update)
{
    public async Task Handle(ApiRequest request, Target target)
    {
        switch (request.Http.Request.Method)
        {
            case "GET":
                await Responses.Json(request.Http, 200, Shown(target, ListWriter.Shown(target, target.Stored())));
                break;
            case "PUT":
                var body = ObjectDecoder.Loose(request, "Scale", await RequestBody.Read(request.Http), "autoscaling/v1.Scale") ?? [];
                await Change(request, target, _ => body);
                break;
            case "PATCH":
                var media = RequestBody.MediaType(request.Http);
                var patch = media == "application/apply-patch+yaml"
                    ? Yaml.Parse(System.Text.Encoding.UTF8.GetString(await RequestBody.Read(request.Http)), [])
                    : RequestBody.ParseJson(await RequestBody.Read(request.Http), []);
                await Change(request, target, old => media == "application/json-patch+json"
                    ? (JsonObject)JsonPatch.Apply(old, (JsonArray)patch!)! : (JsonObject)MergePatch.Apply(old, patch)!);
                break;
            default:
                throw StatusException.MethodNotAllowed();
        }
    }

    private async Task Change(ApiRequest request, Target target, Func<JsonObject, JsonObject> change)
    {
        var result = update.Update(request, target, old =>
        {
            var scale = change(Shown(target, old));
            if (scale.TextOr("", "metadata", "name") is { Length: > 0 } name && name != target.Name)
                throw StatusException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
            var next = old.Clone();
            // Only a version that was asked for is a precondition.
            next.Meta().SetOrRemove("resourceVersion", scale.Text("metadata", "resourceVersion"));
            var replicas = scale.Number("spec", "replicas") ?? 0;
            if (replicas < 0)
            {
                throw target.Resource.Custom is null
                    ? FieldErrors.Invalid("autoscaling", "Scale", target.Name, FieldError.Invalid("spec.replicas", replicas.Invariant(), "must be greater than or equal to 0"))
                    : FieldErrors.Invalid(target.Resource.Group, target.Resource.Kind, target.Name,
                        FieldError.Invalid(target.Version.Scale!.SpecReplicas, replicas.Invariant(), "should be a non-negative integer"));
            }
            JsonPath.Set(next, target.Version.Scale!.SpecReplicas, replicas);
            return next;
        });
        await Responses.Json(request.Http, 200, Shown(target, result.Parse()));
    }

    private static JsonObject Shown(Target target, JsonObject obj)
    {
        var paths = target.Version.Scale!;
        var metadata = new JsonObject();
        foreach (var field in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]) metadata[field] = obj.At("metadata", field)?.DeepClone();
        var spec = new JsonObject();
        if (Replicas(obj, paths.SpecReplicas) is { } wanted and not 0) spec["replicas"] = wanted;
        var status = new JsonObject { ["replicas"] = Replicas(obj, paths.StatusReplicas) ?? 0 };
        var selector = paths.LabelSelector is { } path ? JsonPath.Find(obj, path).FirstOrDefault().ScalarText()
            : target.Resource.Custom is null ? SelectorText(obj.Object("spec", "selector")) : "";
        if (selector.Length > 0) status["selector"] = selector;
        return new JsonObject { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    private static long? Replicas(JsonObject obj, string path) => JsonPath.Find(obj, path).FirstOrDefault().Number();

    private static string SelectorText(JsonObject? selector)
    {
        if (selector is null) return "";
        if (selector.Object("matchLabels") is null && selector.Array("matchExpressions") is null)
            return string.Join(",", selector.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value.Text()}"));
        var terms = (selector.Object("matchLabels") ?? []).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value.Text()}").ToList();
        foreach (var e in selector.Objects("matchExpressions"))
        {
            var values = string.Join(",", e.Strings("values").Order(StringComparer.Ordinal));
            terms.Add(e.Text("operator") switch
            {
                "In" => $"{e.Text("key")} in ({values})",
                "NotIn" => $"{e.Text("key")} notin ({values})",
                "Exists" => e.TextOr("", "key"),
                _ => "!" + e.Text("key"),
            });
        }
        return string.Join(",", terms);
    }
}
