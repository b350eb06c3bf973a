using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>binding, eviction and log of pods.</summary>
internal sealed class PodSubresources(Cluster cluster, ObjectUpdate update, NodeProxy nodes)
{
    public async Task Bind(ApiRequest request, Target target)
    {
        var binding = ObjectDecoder.Loose(request, "Binding", await RequestBody.Read(request.Http), "core/v1.Binding") ?? [];
        var node = binding.TextOr("", "target", "name");
        if (node.Length == 0) throw FieldErrors.Invalid("", "Binding", target.Name, FieldError.Required("target.name"));
        update.Update(request, target, old =>
        {
            if (old.At("metadata", "deletionTimestamp") is not null)
                throw StatusException.Conflict("", "pods/binding", target.Name, $"pod {target.Name} is being deleted, cannot be assigned to a host");
            if (old.Text("spec", "nodeName") is { Length: > 0 } taken)
                throw StatusException.Conflict("", "pods/binding", target.Name, $"pod {target.Name} is already assigned to node \"{taken}\"");
            var next = old.Clone();
            next.Ensure("spec")["nodeName"] = node;
            foreach (var (key, value) in binding.Object("metadata", "annotations") ?? []) next.Meta().Ensure("annotations")[key] = value?.DeepClone();
            Scheduled(next);
            return next;
        }, ObjectUpdate.Managed.Done);
        await Responses.Json(request.Http, 201, Success(201));
    }

    public async Task Evict(ApiRequest request, Target target, ObjectDeletion deletion)
    {
        var eviction = ObjectDecoder.Loose(request, "Eviction", await RequestBody.Read(request.Http), "policy/v1.Eviction") ?? [];
        if (eviction.Name() is { Length: > 0 } name && name != target.Name) throw StatusException.BadRequest("name in URL does not match name in Eviction object");
        var options = eviction.Object("deleteOptions");
        var pod = target.Stored().Parse();
        // A pod that has ended, or is ending, disturbs nobody.
        var quiet = pod.Text("status", "phase") is "Succeeded" or "Failed" or "Pending" || pod.At("metadata", "deletionTimestamp") is not null;
        if (!quiet) await Evictions.Check(cluster, pod, target);
        deletion.Delete(request, target with { Subresource = "" }, new DeleteOptions(options.Number("gracePeriodSeconds"), options.Text("propagationPolicy"),
            options.Text("preconditions", "uid"), options.Text("preconditions", "resourceVersion"), request.DryRun || options.Strings("dryRun").Contains("All")));
        await Responses.Json(request.Http, 201, Success(201));
    }

    public async Task Log(ApiRequest request, Target target)
    {
        var pod = target.Stored().Parse();
        CheckLogOptions(request, target);
        var container = Container(pod, request.Query("container"));
        var node = pod.TextOr("", "spec", "nodeName");
        // Before a pod has a node there is nothing to read.
        if (node.Length == 0)
        {
            await Responses.Text(request.Http, 200, "");
            return;
        }
        var query = new Dictionary<string, string?>();
        foreach (var name in (string[])["follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes", "stream"])
        {
            if (request.Query(name) is { Length: > 0 } value) query[name] = value;
        }
        var path = $"/containerLogs/{target.Namespace}/{target.Name}/{container}" + Microsoft.AspNetCore.Http.QueryString.Create(query);
        await nodes.Forward(request, node, path);
    }

    private static void CheckLogOptions(ApiRequest request, Target target)
    {
        var errors = new FieldErrors();
        foreach (var (field, least) in ((string, long)[])[("tailLines", 0), ("limitBytes", 1), ("sinceSeconds", 1)])
        {
            if (request.Query(field) is not { Length: > 0 } text) continue;
            if (!long.TryParse(text, out var number)) throw StatusException.BadRequest($"strconv.ParseInt: parsing {FieldError.Quote(text)}: invalid syntax");
            if (number < least) errors.Add(FieldError.Invalid(field, text, least == 0 ? "must be greater than or equal to 0" : "must be greater than 0"));
        }
        errors.ThrowIfAny("", "PodLogOptions", target.Name);
    }

    private static string Container(JsonObject pod, string asked)
    {
        var names = pod.Objects("spec", "containers").Select(c => c.TextOr("", "name")).ToList();
        var init = pod.Objects("spec", "initContainers").Select(c => c.TextOr("", "name")).ToList();
        if (asked.Length > 0)
            return names.Contains(asked) || init.Contains(asked) ? asked : throw StatusException.BadRequest($"container {asked} is not valid for pod {pod.Name()}");
        if (names.Count == 1) return names[0];
        var text = $"a container name must be specified for pod {pod.Name()}, choose one of: [{string.Join(" ", names)}]";
        if (init.Count > 0) text += $" or one of the init containers: [{string.Join(" ", init)}]";
        throw StatusException.BadRequest(text);
    }

    private void Scheduled(JsonObject pod)
    {
        var conditions = pod.Ensure("status").EnsureArray("conditions");
        if (conditions.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == "PodScheduled") is { } present) conditions.Remove(present);
        conditions.Add((JsonNode)new JsonObject { ["type"] = "PodScheduled", ["status"] = "True", ["lastProbeTime"] = null, ["lastTransitionTime"] = cluster.Now() });
    }

    private static JsonObject Success(int code) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject(),
        ["status"] = "Success",
        ["code"] = code,
    };
}
