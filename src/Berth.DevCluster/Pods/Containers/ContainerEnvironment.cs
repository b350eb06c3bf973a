using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Volumes;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>Computes a container's environment variables from its spec.</summary>
internal sealed class ContainerEnvironment(ApiSources sources, Uri server, string address)
{
    private const string TokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The image is the host's own file system, so what tells programs where things are is the host's too.</summary>
    private static readonly string[] FromHost = ["HOME", "LANG", "LC_ALL", "TZ", "DOTNET_ROOT"];

    public async Task<Dictionary<string, string>> BuildAsync(JsonObject pod, JsonNode container, string? image)
    {
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = image is null ? Tools.HostPath : $"{image}:{Tools.HostPath}",
            ["HOSTNAME"] = pod.Text("spec", "hostname") ?? pod.Name(),
        };
        foreach (string name in FromHost)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                variables[name] = value;
            }
        }

        if (container.Items("volumeMounts").Any(static mount => mount.Text("mountPath") == TokenPath))
        {
            variables["KUBERNETES_SERVICE_HOST"] = server.Host;
            variables["KUBERNETES_SERVICE_PORT"] = variables["KUBERNETES_SERVICE_PORT_HTTPS"] = server.Port.ToString(CultureInfo.InvariantCulture);
        }

        foreach (JsonNode source in container.Items("envFrom"))
        {
            await AddAllAsync(pod, source, variables);
        }

        foreach (JsonNode entry in container.Items("env"))
        {
            string name = entry.Text("name") ?? "";
            if (entry.At("valueFrom") is { } from)
            {
                if (await ValueAsync(pod, container, from) is { } value)
                {
                    variables[name] = value;
                }
            }
            else
            {
                variables[name] = Expansion.Expand(entry.Text("value") ?? "", variables);
            }
        }

        return variables;
    }

    private async Task AddAllAsync(JsonObject pod, JsonNode source, Dictionary<string, string> variables)
    {
        bool secret = source.At("secretRef") is not null;
        JsonNode? reference = source.At(secret ? "secretRef" : "configMapRef");
        string name = reference.Text("name") ?? "";
        if (await sources.DataAsync(secret ? "secrets" : "configmaps", pod.Namespace(), name) is not { } data)
        {
            if (!reference.Flag("optional"))
            {
                throw new VolumeException($"{(secret ? "secret" : "configmap")} \"{name}\" not found");
            }

            return;
        }

        foreach (var (key, value) in data)
        {
            variables[source.Text("prefix") + key] = Encoding.UTF8.GetString(value);
        }
    }

    private async Task<string?> ValueAsync(JsonObject pod, JsonNode container, JsonNode from)
    {
        if (from.Text("fieldRef", "fieldPath") is { } field)
        {
            return DownwardApi.Field(pod, field, address);
        }

        if (from.At("resourceFieldRef") is { } resource)
        {
            return DownwardApi.Resource(pod, resource, container.Text("name") ?? "");
        }

        bool secret = from.At("secretKeyRef") is not null;
        JsonNode? reference = from.At(secret ? "secretKeyRef" : "configMapKeyRef");
        string name = reference.Text("name") ?? "", key = reference.Text("key") ?? "";
        var data = await sources.DataAsync(secret ? "secrets" : "configmaps", pod.Namespace(), name);
        if (data is not null && data.TryGetValue(key, out byte[]? value))
        {
            return Encoding.UTF8.GetString(value);
        }

        return reference.Flag("optional") ? null : throw new VolumeException(data is null
            ? $"{(secret ? "secret" : "configmap")} \"{name}\" not found"
            : $"couldn't find key {key} in {(secret ? "Secret" : "ConfigMap")} {pod.Namespace()}/{name}");
    }
}
