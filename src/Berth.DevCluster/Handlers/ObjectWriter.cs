using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Tables;
using Berth.DevCluster.Writing;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Handlers;

/// <summary>Writes one object in the form the client asked for.</summary>
internal static class ObjectWriter
{
    public static async Task Write(ApiRequest request, Target target, ReadOnlyMemory<byte> stored, int code, Cluster cluster)
    {
        var asStored = target.Version.ApiVersion == target.Resource.Storage.ApiVersion;
        if (asStored && !request.WantsTable && !request.WantsMetadata)
        {
            await Responses.Json(request.Http, code, stored);
            return;
        }
        var obj = Conversions.To(target.Version, target.Resource.Storage, JsonText.Object(stored));
        if (request.WantsTable)
        {
            var metadata = new JsonObject { ["resourceVersion"] = obj.Text("metadata", "resourceVersion") };
            await Responses.Json(request.Http, code, TableWriter.Table(target, [obj], metadata, request.Query("includeObject"), cluster));
            return;
        }
        await Responses.Json(request.Http, code, request.WantsMetadata ? TableWriter.Partial(obj) : obj);
    }
}
