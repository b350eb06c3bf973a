using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Gateway;

/// <summary>Tells agents where to connect and which CA to trust: one ConfigMap in each namespace with pools.</summary>
internal sealed class GatewayPublisher(KubernetesClient client, GatewayCertificates certificates)
{
    private readonly ConcurrentDictionary<string, string> _published = new(StringComparer.Ordinal);

    /// <summary>Comma-separated host:port list.</summary>
    public string Addresses { get; set; } = "";

    /// <summary>Writes the ConfigMap unless this replica wrote the same before.</summary>
    public async Task EnsureAsync(string ns, CancellationToken cancellationToken)
    {
        var content = $"{Addresses}\n{certificates.Authority}";
        if (_published.TryGetValue(ns, out var known) && known == content) return;
        var map = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = Names.GatewayConfigMap, ["namespace"] = ns },
            ["data"] = new JsonObject { ["ca.crt"] = certificates.Authority, ["addresses"] = Addresses },
        };
        await client.PatchAsync(Resources.ConfigMaps, new ObjectKey(ns, Names.GatewayConfigMap), Patch.Apply(map), options: new WriteOptions { FieldManager = "berth", Force = true }, cancellationToken: cancellationToken);
        _published[ns] = content;
    }

    /// <summary>Forgets what was written, at the beginning of a term.</summary>
    public void Reset() => _published.Clear();
}
