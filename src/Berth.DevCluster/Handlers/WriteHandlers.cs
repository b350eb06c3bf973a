using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Patching;
using Berth.DevCluster.Schema;
using Berth.DevCluster.Writing;
using FieldError = Berth.DevCluster.Http.FieldError;

namespace Berth.DevCluster.Handlers;

/// <summary>POST, PUT and PATCH of objects and of their status.</summary>
internal sealed partial class WriteHandlers(Cluster cluster, ObjectCreation creation, ObjectUpdate update, ObjectApply apply)
{
    private const string Json = "application/json-patch+json";
    private const string Merge = "application/merge-patch+json";
    private const string Strategic = "application/strategic-merge-patch+json";
    private const string Apply = "application/apply-patch+yaml";

    public async Task Create(ApiRequest request, Target target)
    {
        CheckOptions(request);
        var obj = ObjectDecoder.Decode(request, target, await RequestBody.Read(request.Http));
        var result = creation.Create(request, target, obj);
        await Answer(request, target, result);
    }

    public async Task Put(ApiRequest request, Target target)
    {
        CheckOptions(request);
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
        CheckOptions(request);
        var media = RequestBody.MediaType(request.Http);
        string[] offered = target.Resource.Custom is not null ? [Json, Merge, Apply] : [Json, Merge, Strategic, Apply];
        if (media == "application/apply-patch+cbor" || !offered.Contains(media)) throw target.Resource.Custom is null ? StatusException.UnknownFormat() : StatusException.UnsupportedMediaType(offered);
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
            Json => JsonPatch.Apply(before, (JsonArray)patch),
            Strategic => StrategicMergePatch.Apply(before, (JsonObject)patch, target.Version.Type),
            _ => MergePatch.Apply(before, patch),
        };
        var next = Decoded(request, target, result as JsonObject ?? throw StatusException.BadRequest("the patched object is not an object"), patch, media);
        if (next.Name() != target.Name) throw StatusException.BadRequest($"the name of the object ({next.Name()}) does not match the name on the URL ({target.Name})");
        return next;
    }

    // A strategic patch is answered for by itself: the object it makes is never written out and read again.
    private static JsonObject Decoded(ApiRequest request, Target target, JsonObject result, JsonNode patch, string media)
    {
        try
        {
            return ObjectDecoder.Normalise(request, target, result, []);
        }
        catch (StatusException refused) when (media == Strategic && refused.Code == 400)
        {
            var at = refused.Message.IndexOf("strict decoding error", StringComparison.Ordinal);
            var why = at >= 0 ? refused.Message[at..] : NotAList().Match(refused.Message) is { Success: true } found ? $"cannot restore slice from {found.Groups[1].Value}" : null;
            if (why is null) throw;
            throw FieldErrors.Invalid("", "", "", FieldError.InvalidText("patch", GoText.Map(patch), why));
        }
    }

    [GeneratedRegex(@"cannot unmarshal (string|bool) into .* of type \[\]")]
    private static partial Regex NotAList();

    private static JsonNode ParsePatch(byte[] body, string media)
    {
        try
        {
            var patch = RequestBody.ParseJson(body, []);
            if (media == Json) return patch as JsonArray ?? throw Mistaken(patch, "[]handlers.jsonPatchOp");
            return patch as JsonObject ?? throw Mistaken(patch, "map[string]interface {}");
        }
        catch (JsonException e)
        {
            throw StatusException.BadRequest("error decoding patch: " + GoJson.Complaint(body, e));
        }
    }

    private static StatusException Mistaken(JsonNode? patch, string type) => StatusException.BadRequest($"error decoding patch: json: cannot unmarshal {GoJson.Noun(patch)} into Go value of type {type}");

    private static void CheckName(Target target, JsonObject obj)
    {
        if (obj.Name().Length == 0) throw StatusException.BadRequest($"the name of the object ({target.Name} based on URL) was undeterminable: name must be provided");
        if (obj.Name() != target.Name) throw StatusException.BadRequest($"the name of the object ({obj.Name()}) does not match the name on the URL ({target.Name})");
        if (target.Resource.Namespaced && obj.Namespace().Length > 0 && obj.Namespace() != target.Namespace)
            throw StatusException.BadRequest($"the namespace of the object ({obj.Namespace()}) does not match the namespace on the URL ({target.Namespace})");
    }

    private static void CheckOptions(ApiRequest request)
    {
        var kind = request.Http.Request.Method switch { "POST" => "CreateOptions", "PUT" => "UpdateOptions", _ => "PatchOptions" };
        var errors = new FieldErrors();
        var dryRun = request.Http.Request.Query["dryRun"].OfType<string>().ToList();
        if (dryRun.Exists(v => v != "All"))
            errors.Add(new FieldError("FieldValueNotSupported", "dryRun", $"Unsupported value: [{string.Join(',', dryRun.Select(FieldError.Quote))}]: supported values: \"All\""));
        if (request.Query("fieldManager").Length > 128) errors.Add(FieldError.TooLong("fieldManager", 128));
        if (request.FieldValidation is not ("Ignore" or "Warn" or "Strict"))
            errors.Add(FieldError.NotSupported("fieldValidation", request.FieldValidation, "", "Ignore", "Strict", "Warn"));
        errors.ThrowIfAny("meta.k8s.io", kind, "");
    }

    private async Task Answer(ApiRequest request, Target target, WriteResult result)
    {
        Responses.Warnings(request);
        await ObjectWriter.Write(request, target, result.Json, result.Created ? 201 : 200, cluster);
    }
}
