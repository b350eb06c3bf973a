using System.Text.Json.Nodes;
using System.Threading.Channels;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods;

/// <summary>Writes core/v1 Events beside the work; a full queue drops them, as the kubelet does.</summary>
internal sealed class EventRecorder(ApiClient api, Action<string> report)
{
    private readonly Channel<JsonObject> _queue = Channel.CreateBounded<JsonObject>(
        new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Dictionary<string, (string Name, int Count)> _alike = [];

    public void Pod(JsonObject pod, string? container, string type, string reason, string message, string node) => Write(
        new JsonObject
        {
            ["kind"] = "Pod",
            ["apiVersion"] = "v1",
            ["namespace"] = pod.Namespace(),
            ["name"] = pod.Name(),
            ["uid"] = pod.Uid(),
            ["resourceVersion"] = pod.Text("metadata", "resourceVersion"),
            ["fieldPath"] = container is null ? null : $"spec.containers{{{container}}}",
        }, pod.Namespace(), type, reason, message, "kubelet", node);

    public void Write(JsonObject about, string ns, string type, string reason, string message, string component, string? host)
    {
        string now = Fields.Stamp(DateTimeOffset.UtcNow);
        foreach (string empty in about.Where(static pair => pair.Value is null).Select(static pair => pair.Key).ToList())
        {
            about.Remove(empty);
        }

        var source = new JsonObject { ["component"] = component };
        if (host is not null)
        {
            source["host"] = host;
        }

        _queue.Writer.TryWrite(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject { ["namespace"] = ns, ["name"] = $"{about.Text("name")}.{Guid.NewGuid().ToString("n")[..16]}" },
            ["involvedObject"] = about,
            ["type"] = type,
            ["reason"] = reason,
            ["message"] = message,
            ["source"] = source,
            ["firstTimestamp"] = now,
            ["lastTimestamp"] = now,
            ["count"] = 1,
            ["reportingComponent"] = component,
            ["reportingInstance"] = host ?? "",
        });
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        await foreach (JsonObject item in _queue.Reader.ReadAllAsync(cancel))
        {
            try
            {
                await SendAsync(item, cancel);
            }
            catch (Exception fault) when (fault is ApiException or HttpRequestException or IOException)
            {
                report($"event {item.Text("reason")} of {item.Text("involvedObject", "name")} was not written: {fault.Message}");
            }
        }
    }

    /// <summary>An event like one before raises that one's count.</summary>
    private async Task SendAsync(JsonObject item, CancellationToken cancel)
    {
        string ns = item.Namespace();
        string key = $"{item.Text("involvedObject", "uid")}/{item.Text("involvedObject", "fieldPath")}/{item.Text("reason")}/{item.Text("message")}";
        if (_alike.TryGetValue(key, out var before))
        {
            _alike[key] = before with { Count = before.Count + 1 };
            var patch = new JsonObject { ["count"] = before.Count + 1, ["lastTimestamp"] = item.Text("lastTimestamp") };
            try
            {
                await api.PatchAsync($"api/v1/namespaces/{ns}/events/{before.Name}", ApiClient.MergePatch, patch, cancel);
                return;
            }
            catch (ApiException gone) when (gone.IsNotFound)
            {
                // It has expired; a new one starts counting again.
            }
        }

        await api.CreateAsync($"api/v1/namespaces/{ns}/events", item, cancel);
        if (_alike.Count > 5000)
        {
            _alike.Clear();
        }

        _alike[key] = (item.Name(), 1);
    }
}
