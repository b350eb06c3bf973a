using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Patching;

namespace Berth.DevCluster.Writing;

/// <summary>Server-side apply.</summary>
internal sealed class ObjectApply(ObjectCreation creation, ObjectUpdate update)
{
    public async Task<WriteResult> Apply(ApiRequest request, Target target, byte[] body)
    {
        if (request.Query("fieldManager").Length == 0)
            throw FieldErrors.Invalid("meta.k8s.io", "PatchOptions", "", FieldError.Required("fieldManager", "is required for apply patch"));
        var duplicates = new List<string>();
        var config = Yaml.Parse(Encoding.UTF8.GetString(body), duplicates) as JsonObject
            ?? throw StatusException.BadRequest("error decoding YAML: the body is not an object");
        if (target.Resource.Store.Find(target.Key) is null)
        {
            if (target.Subresource.Length > 0) throw target.NotFound();
            config.Meta()["name"] = target.Name;
            return await creation.Create(request, target, ObjectDecoder.Normalise(request, target, config, duplicates));
        }
        return await update.Update(request, target, old => ObjectDecoder.Normalise(request, target, (JsonObject)MergePatch.Apply(old.Clone(), config)!, duplicates));
    }
}
