using System.Text.Json.Nodes;

namespace Berth.DevCluster.Tests.Recordings;

/// <summary>Compares one answer with the recorded one.</summary>
internal static class Expectation
{
    /// <summary>
    /// What cannot be the same, by exchange, with the reason; these are compared in part, as their comparison below says. The list is printed
    /// with the test's output and stands in docs/dev-cluster.md. It can only shrink.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> Exceptions = new Dictionary<string, string>
    {
        ["version"] = "our build's commit, date and compiler; the fields and major.minor are compared",
        ["api-versions"] = "the server's own address",
        ["apis-groups"] = "groups for hardware, certificates and flow control, and autoscaling/v1, are not served; each group served is compared",
        ["discovery-core-resources"] = "exec, attach, port-forward and the proxies are not served; each resource served is compared",
        ["openapi-v3-crd"] = "built-in schemas have no descriptions; names, paths and the custom kind's own schema are compared",
    };

    /// <summary>What is sent but not compared, with the reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> NotCompared = new Dictionary<string, string>
    {
        ["cm-table"] = "the recorded distribution's controllers had put ConfigMaps of their own into the namespace",
        ["g-gf-spec"] = "the recorded garbage collector had not yet heard of the new kind; ours takes its finalizer off at once",
        ["node-cordon"] = "an annotation of a controller that is not here, written between two requests",
        ["b-w-rv"] = "only its resourceVersion matters; the item is the cluster's own authority",
        ["b-yaml-get"] = "answers are JSON only",
        ["b-ssar"] = "recorded as a service account, whose binding the reason names; ours is a master, to whom no rule applies",
        ["b-rb-kind"] = "a real server resolves the role for the escalation check before it validates the binding, and fails at the wrong kind",
        ["imp-none"] = "the recorded server let anonymous requests in; ours, as the first recording, does not",
    };

    public static IEnumerable<string> Differences(string name, JsonObject want, Answer got)
    {
        if (NotCompared.ContainsKey(name)) yield break;
        if ((int)want["status"]! != got.Status) yield return $"status {got.Status}, want {want["status"]}";
        var headers = want["headers"]?.AsObject().Select(h => h.Key.ToLowerInvariant()).ToHashSet() ?? [];
        foreach (var header in (string[])["warning", "retry-after"])
        {
            if (got.Headers.Count > 0 && headers.Contains(header) != got.Headers.Contains(header)) yield return $"header {header}: {got.Headers.Contains(header)}, want {headers.Contains(header)}";
        }
        foreach (var difference in Bodies(name, want["events"] ?? want["body"], got.Body)) yield return difference;
    }

    private static IEnumerable<string> Bodies(string name, JsonNode? want, JsonNode? got)
    {
        switch (name)
        {
            case "version":
                return Difference.Between(Keys(want), Keys(got)).Concat(Difference.Between(want!["minor"], got!["minor"], "minor"));
            case "api-versions":
                return Difference.Between(want!["versions"], got!["versions"]);
            case "apis-groups":
                var groups = new List<string>();
                return Difference.Subset(want!["groups"]!.AsArray(), got!["groups"]!.AsArray(), g => (string)g["name"]!, groups)
                    .Where(d => !d.StartsWith("autoscaling", StringComparison.Ordinal)).ToList()
                    .Concat(groups.Except(["certificates.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io"]).Select(g => $"group {g} is missing"));
            case "discovery-core-resources":
                var absent = new List<string>();
                return Difference.Subset(want!["resources"]!.AsArray(), got!["resources"]!.AsArray(), r => (string)r["name"]!, absent).ToList()
                    .Concat(absent.Where(a => !a.EndsWith("/proxy", StringComparison.Ordinal) && a is not ("pods/exec" or "pods/attach" or "pods/portforward")).Select(a => $"{a} is missing"));
            case "openapi-v3-crd":
                return OpenApi(want!, got!);
            default:
                var key = want is JsonValue ? "message" : "";
                return Difference.Between(Normal.Of(want, key), Normal.Of(got, key));
        }
    }

    private static IEnumerable<string> OpenApi(JsonNode want, JsonNode got)
    {
        foreach (var (path, item) in want["paths"]!.AsObject())
        {
            if (got["paths"]![path] is not JsonObject own)
            {
                yield return $"path {path} is missing";
                continue;
            }
            foreach (var (verb, operation) in item!.AsObject().Where(o => o.Value is JsonObject))
            {
                foreach (var field in (string[])["x-kubernetes-action", "x-kubernetes-group-version-kind"])
                    foreach (var difference in Difference.Between(operation![field], own[verb]?[field], $"{path}.{verb}.{field}")) yield return difference;
            }
        }
        foreach (var (name, schema) in want["components"]!["schemas"]!.AsObject().Where(s => s.Key.EndsWith(".Widget", StringComparison.Ordinal)))
        {
            foreach (var part in (string[])["spec", "status"])
            {
                foreach (var difference in Difference.Between(schema!["properties"]![part], got["components"]!["schemas"]![name]?["properties"]?[part], $"{name}.{part}")) yield return difference;
            }
        }
    }

    private static JsonArray Keys(JsonNode? node) => new([.. node!.AsObject().Select(p => (JsonNode?)p.Key).OrderBy(k => (string?)k, StringComparer.Ordinal)]);
}
