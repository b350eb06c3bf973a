using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods.Volumes;

/// <summary>What a container may learn about its own pod (<c>fieldRef</c>, <c>resourceFieldRef</c>).</summary>
internal static class DownwardApi
{
    public static string Field(JsonObject pod, string path, string address)
    {
        if (Subscript(path, "metadata.labels") is { } label)
        {
            return pod.Text("metadata", "labels", label) ?? "";
        }

        if (Subscript(path, "metadata.annotations") is { } annotation)
        {
            return pod.Text("metadata", "annotations", annotation) ?? "";
        }

        return path switch
        {
            "metadata.labels" => Lines(pod, "labels"),
            "metadata.annotations" => Lines(pod, "annotations"),
            "status.podIP" or "status.podIPs" or "status.hostIP" or "status.hostIPs" => address,
            "spec.serviceAccountName" => pod.Text("spec", "serviceAccountName") ?? "default",
            "metadata.name" or "metadata.namespace" or "metadata.uid" or "spec.nodeName" => pod.Text(path.Split('.')) ?? "",
            _ => throw new VolumeException($"field reference {path} is not supported; see the downward API for those that are"),
        };
    }

    /// <summary>A request or limit of a container, in units of the divisor, rounded up.</summary>
    public static string Resource(JsonObject pod, JsonNode reference, string ownContainer)
    {
        string container = reference.Text("containerName") ?? ownContainer;
        string resource = reference.Text("resource") ?? "";
        JsonNode? spec = pod.Items("spec", "containers").Concat(pod.Items("spec", "initContainers"))
            .FirstOrDefault(item => item.Text("name") == container);
        string[] path = resource.Split('.', 2);
        string? quantity = spec.Text(["resources", .. path]) ?? (path[0] == "requests" ? spec.Text("resources", "limits", path[^1]) : null);
        quantity ??= path[^1] switch
        {
            "cpu" => Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
            "memory" => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes.ToString(CultureInfo.InvariantCulture),
            _ => "0",
        };
        decimal divisor = Quantity.Parse(reference.Text("divisor") is { } text and not "0" ? text : "1");
        return Math.Ceiling(Quantity.Parse(quantity) / divisor).ToString(CultureInfo.InvariantCulture);
    }

    private static string? Subscript(string path, string map) =>
        path.StartsWith(map + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal)
            ? path[(map.Length + 2)..^2] : null;

    private static string Lines(JsonObject pod, string map) => string.Join('\n', pod.Map("metadata", map)
        .OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => $"{pair.Key}={Quoted(pair.Value)}"));

    private static string Quoted(string text) => JsonValue.Create(text).ToJsonString();
}
