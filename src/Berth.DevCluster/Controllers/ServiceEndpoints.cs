using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>
/// Publishes which pods are behind a Service as EndpointSlices. All pods have this machine's address, so a pod that listens
/// on another port than its containerPort says so in the annotation <c>ports.berth.dev/NAME</c> (port name or number).
/// Pods with equal ports share a slice.
/// </summary>
internal sealed class ServiceEndpoints(ControllerContext context) : Controller(context)
{
    public const string PortAnnotation = "ports.berth.dev/";

    private const string ServiceLabel = "kubernetes.io/service-name", ManagedLabel = "endpointslice.kubernetes.io/managed-by",
        Manager = "endpointslice-controller.k8s.io";

    private Reflector? _services;

    public override string Name => "endpoints";

    public override void Attach(Informers informers)
    {
        _services = informers.Subscribe("api/v1/services", (old, now) => Enqueue((now ?? old).Key()));
        informers.Subscribe("api/v1/pods", (old, now) =>
        {
            foreach (JsonObject pod in new[] { old, now }.OfType<JsonObject>())
            {
                foreach (JsonObject service in _services.All.Where(item => item.Namespace() == pod.Namespace() && Selects(item, pod)))
                {
                    Enqueue(service.Key());
                }
            }
        });
    }

    protected override async Task ReconcileAsync(string key)
    {
        var (ns, name) = Split(key);
        JsonObject? service = await Api.FindAsync($"api/v1/namespaces/{ns}/services/{name}", Cancel);
        if (service is null || !service.Map("spec", "selector").Any())
        {
            return; // Slices of a service that is gone go with it, as it owns them.
        }

        string query = Uri.EscapeDataString(string.Join(',', service.Map("spec", "selector").Select(static pair => $"{pair.Key}={pair.Value}")));
        List<JsonObject> pods = [.. (await Api.GetAsync($"api/v1/namespaces/{ns}/pods?labelSelector={query}", Cancel)).Items("items")
            .OfType<JsonObject>().Where(static pod => pod.Text("status", "podIP") is not null && pod.Text("status", "phase") is not ("Succeeded" or "Failed"))];
        Dictionary<string, JsonObject> wanted = pods.GroupBy(pod => Ports(service, pod).ToJsonString())
            .Select(group => Slice(service, group.Key, group)).ToDictionary(static slice => slice.Name());
        await WriteAsync(ns, name, wanted);
    }

    private static bool Selects(JsonObject service, JsonObject pod) =>
        service.Map("spec", "selector").Any() && service.Map("spec", "selector").All(pair => pod.Text("metadata", "labels", pair.Key) == pair.Value);

    private async Task WriteAsync(string ns, string service, Dictionary<string, JsonObject> wanted)
    {
        string collection = $"apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices";
        string query = Uri.EscapeDataString($"{ServiceLabel}={service},{ManagedLabel}={Manager}");
        foreach (JsonObject old in (await Api.GetAsync($"{collection}?labelSelector={query}", Cancel)).Items("items").OfType<JsonObject>().ToList())
        {
            if (!wanted.Remove(old.Name(), out JsonObject? next))
            {
                await DeleteAsync($"{collection}/{old.Name()}", old);
            }
            else if (!JsonNode.DeepEquals(old.At("endpoints"), next.At("endpoints")) || !JsonNode.DeepEquals(old.At("ports"), next.At("ports")))
            {
                JsonObject merged = (JsonObject)old.DeepClone();
                merged["endpoints"] = next["endpoints"]!.DeepClone();
                merged["ports"] = next["ports"]!.DeepClone();
                await Api.ReplaceAsync($"{collection}/{old.Name()}", merged, Cancel);
            }
        }

        foreach (JsonObject slice in wanted.Values)
        {
            await Api.CreateAsync(collection, slice, Cancel);
        }
    }

    private static JsonArray Ports(JsonObject service, JsonObject pod) => service.Items("spec", "ports").Select(port =>
    {
        string target = port.Text("targetPort") ?? port.Text("port") ?? "";
        JsonNode? declared = pod.Items("spec", "containers").SelectMany(static container => container.Items("ports"))
            .FirstOrDefault(item => item.Text("name") == target || item.Text("containerPort") == target);
        long? number = pod.Number("metadata", "annotations", PortAnnotation + target)
            ?? (declared.Text("name") is { } name ? pod.Number("metadata", "annotations", PortAnnotation + name) : null)
            ?? declared.Number("containerPort") ?? (long.TryParse(target, out long plain) ? plain : null);
        return (JsonNode)new JsonObject
        {
            ["name"] = port.Text("name") ?? "",
            ["port"] = number,
            ["protocol"] = port.Text("protocol") ?? "TCP",
        };
    }).ToJsonArray();

    private static JsonObject Slice(JsonObject service, string ports, IEnumerable<JsonObject> pods)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ports)))[..5];
        return new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{service.Name()}-{hash}",
                ["namespace"] = service.Namespace(),
                ["labels"] = new JsonObject { [ServiceLabel] = service.Name(), [ManagedLabel] = Manager },
                ["ownerReferences"] = new JsonArray(OwnedPods.Reference(service, "v1", "Service")),
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = pods.OrderBy(static pod => pod.Name(), StringComparer.Ordinal).Select(pod => (JsonNode)new JsonObject
            {
                ["addresses"] = new JsonArray(pod.Text("status", "podIP")),
                ["conditions"] = new JsonObject
                {
                    ["ready"] = (OwnedPods.IsReady(pod) || service.Flag("spec", "publishNotReadyAddresses")) && !pod.IsDeleting(),
                    ["serving"] = OwnedPods.IsReady(pod),
                    ["terminating"] = pod.IsDeleting(),
                },
                ["nodeName"] = pod.Text("spec", "nodeName"),
                ["targetRef"] = new JsonObject
                {
                    ["kind"] = "Pod",
                    ["namespace"] = pod.Namespace(),
                    ["name"] = pod.Name(),
                    ["uid"] = pod.Uid(),
                },
            }).ToJsonArray(),
            ["ports"] = JsonNode.Parse(ports),
        };
    }
}
