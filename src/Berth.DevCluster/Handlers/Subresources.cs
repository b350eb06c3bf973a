using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>Subresources other than status.</summary>
internal sealed class Subresources(ScaleHandler scale, PodSubresources pods, TokenRequests tokens, ObjectUpdate update, ObjectDeletion deletion, WriteHandlers writes)
{
    public async Task Handle(ApiRequest request, Target target)
    {
        switch (target.Subresource)
        {
            case "scale":
                await scale.Handle(request, target);
                break;
            case "binding":
                await pods.Bind(request, target);
                break;
            case "eviction":
                await pods.Evict(request, target, deletion);
                break;
            case "log":
                await pods.Log(request, target);
                break;
            case "token":
                await tokens.Create(request, target);
                break;
            case "finalize":
                await Finalize(request, target);
                break;
            default:
                await Plain(request, target);
                break;
        }
    }

    private Task Plain(ApiRequest request, Target target) => request.Http.Request.Method switch
    {
        "GET" => Responses.Json(request.Http, 200, target.Stored().Json),
        "PUT" => writes.Put(request, target),
        "PATCH" => writes.Patch(request, target),
        _ => throw StatusException.MethodNotAllowed(),
    };

    // PUT namespaces/NAME/finalize is how the namespace controller takes its finalizer off the spec.
    private async Task Finalize(ApiRequest request, Target target)
    {
        if (request.Http.Request.Method != "PUT") throw StatusException.MethodNotAllowed();
        var asked = ObjectDecoder.Decode(request, target, await RequestBody.Read(request.Http));
        var result = update.Update(request, target, old =>
        {
            var next = old.Clone();
            var finalizers = asked.Strings("spec", "finalizers").ToJson();
            if (finalizers.Count > 0) next.Ensure("spec")["finalizers"] = finalizers;
            else next.Ensure("spec").Remove("finalizers");
            if (asked.Text("metadata", "resourceVersion") is { Length: > 0 } version) next.Meta()["resourceVersion"] = version;
            return next;
        });
        await Responses.Json(request.Http, 200, result.Json);
    }
}
