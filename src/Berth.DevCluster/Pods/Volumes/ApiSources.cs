using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods.Volumes;

/// <summary>Reads live from the API what volumes and variables are made of.</summary>
internal sealed class ApiSources(ApiClient api, CancellationToken cancel)
{
    /// <summary>All keys of a ConfigMap or Secret (<paramref name="kind"/>: configmaps, secrets); null when there is none.</summary>
    public async Task<Dictionary<string, byte[]>?> DataAsync(string kind, string ns, string name)
    {
        if (await api.FindAsync($"api/v1/namespaces/{ns}/{kind}/{name}", cancel) is not { } found)
        {
            return null;
        }

        var data = new Dictionary<string, byte[]>();
        foreach (var (key, value) in found.Map("data"))
        {
            data[key] = kind == "secrets" ? Convert.FromBase64String(value) : Encoding.UTF8.GetBytes(value);
        }

        foreach (var (key, value) in found.Map("binaryData"))
        {
            data[key] = Convert.FromBase64String(value);
        }

        return data;
    }

    /// <summary>A token for the pod's service account, bound to the pod, and when to fetch the next one.</summary>
    public async Task<(string Token, DateTimeOffset RefreshAt)> TokenAsync(JsonObject pod, JsonNode source)
    {
        long seconds = source.Number("expirationSeconds") ?? 3600;
        var request = new JsonObject
        {
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["kind"] = "TokenRequest",
            ["spec"] = new JsonObject
            {
                ["audiences"] = source.Text("audience") is { Length: > 0 } audience ? new JsonArray(audience) : new JsonArray(),
                ["expirationSeconds"] = seconds,
                ["boundObjectRef"] = new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Pod",
                    ["name"] = pod.Name(),
                    ["uid"] = pod.Uid(),
                },
            },
        };
        string account = pod.Text("spec", "serviceAccountName") ?? "default";
        DateTimeOffset asked = DateTimeOffset.UtcNow;
        JsonObject answer;
        try
        {
            answer = await api.CreateAsync($"api/v1/namespaces/{pod.Namespace()}/serviceaccounts/{account}/token", request, cancel);
        }
        catch (ApiException refused)
        {
            throw new VolumeException($"failed to fetch token: {refused.Detail}");
        }

        DateTimeOffset expires = answer.Time("status", "expirationTimestamp") ?? asked.AddSeconds(seconds);
        return (answer.Text("status", "token") ?? "", asked + (expires - asked) * 0.8);
    }
}
