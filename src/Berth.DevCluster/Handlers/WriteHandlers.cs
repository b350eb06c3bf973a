using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Patching;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>POST, PUT and PATCH of objects and of their status.</summary>
internal sealed class WriteHandlers(Cluster cluster, ObjectCreation creation, ObjectUpdate update, ObjectApply apply)
{
    private const string Json = "application/json-patch+json";
    private const string Merge = "application/merge-patch+json";
    private const string Strategic = "application/strategic-merge-patch+json";
    private const string Apply = "application/apply-patch+yaml";

    public async Task Create(ApiRequest request, Target target)
    {
        CheckDryRun(request);
        var obj = ObjectDecoder.Decode(request, target, await RequestBody.Read(request.Http));
        var result = creation.Create(request, target, obj);
        await Answer(request, target, result);
    }

    public async Task Put(ApiRequest request, Target target)
    {
        CheckDryRun(request);
        var body = await RequestBody.Read(request.Http);
        var obj = ObjectDecoder.Decode(request, target, body);
        CheckName(target, obj);
        if (target.Subresource.Length == 0 && target.Resource.Strategy.AllowCreateOnUpdate && target.Resource.Store.Find(target.Key) is null)
        {
            if (obj.Text("metadata", "resourceVersion") is not ({ Length: > 0 } and not "0"))
            {
                obj.Meta().Remove("resourceVersion");
                await Answer(request, target, creation.Create(request, target, obj));
                return;
            }
            throw target.Modified();
        }
        await Answer(request, target, update.Update(request, target, _ => obj.Clone(), put: true));
    }

    public async Task Patch(ApiRequest request, Target target)
    {
        CheckDryRun(request);
        var media = RequestBody.MediaType(request.Http);
        string[] offered = target.Resource.Custom is not null ? [Json, Merge, Apply] : [Json, Merge, Strategic, Apply];
        if (media == "application/apply-patch+cbor" || !offered.Contains(media)) throw StatusException.UnsupportedMediaType(offered);
        var body = await RequestBody.Read(request.Http);
        if (media == Apply)
        {
            await Answer(request, target, apply.Apply(request, target, body));
            return;
        }
        if (request.Query("force").Length > 0)
            throw FieldErrors.Invalid("meta.k8s.io", "PatchOptions", "", FieldError.Forbidden("force", "may not be specified for non-apply patch"));
        var patch = ParsePatch(body, media);
        await Answer(request, target, update.Update(request, target, old => Patched(request, target, old, patch, media)));
    }

    private static JsonObject Patched(ApiRequest request, Target target, JsonObject old, JsonNode patch, string media)
    {
        var before = old.Clone();
        var result = media switch
        {
            Json => JsonPatch.Apply(before, patch as JsonArray ?? throw StatusException.BadRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch")),
            Strategic => StrategicMergePatch.Apply(before, (JsonObject)patch, target.Version.Type),
            _ => MergePatch.Apply(before, patch),
        };
        var next = ObjectDecoder.Normalise(request, target, result as JsonObject ?? throw StatusException.BadRequest("the patched object is not an object"), []);
        if (next.Name() != target.Name) throw StatusException.BadRequest($"the name of the object ({next.Name()}) does not match the name on the URL ({target.Name})");
        return next;
    }

    private static JsonNode ParsePatch(byte[] body, string media)
    {
        try
        {
            var patch = RequestBody.ParseJson(body, []);
            if (media == Json) return patch ?? new JsonArray();
            return patch as JsonObject ?? throw StatusException.BadRequest("error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}");
        }
        catch (JsonException e)
        {
            throw StatusException.BadRequest($"error decoding patch: {e.Message} ({Encoding.UTF8.GetString(body)})");
        }
    }

    private static void CheckName(Target target, JsonObject obj)
    {
        if (obj.Name().Length == 0) throw StatusException.BadRequest($"the name of the object ({target.Name} based on URL) was undeterminable: name must be provided");
        if (obj.Name() != target.Name) throw StatusException.BadRequest($"the name of the object ({obj.Name()}) does not match the name on the URL ({target.Name})");
        if (target.Resource.Namespaced && obj.Namespace().Length > 0 && obj.Namespace() != target.Namespace)
            throw StatusException.BadRequest($"the namespace of the object ({obj.Namespace()}) does not match the namespace on the URL ({target.Namespace})");
    }

    private static void CheckDryRun(ApiRequest request)
    {
        var asked = request.Http.Request.Query["dryRun"].OfType<string>().Where(v => v != "All").ToList();
        if (asked.Count > 0) throw FieldErrors.Invalid("meta.k8s.io", "CreateOptions", "", FieldError.NotSupported("dryRun", asked[0], "All"));
    }

    private async Task Answer(ApiRequest request, Target target, WriteResult result)
    {
        Responses.Warnings(request);
        await ObjectWriter.Write(request, target, result.Json, result.Created ? 201 : 200, cluster);
    }
}
