using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Identity;

/// <summary>What a service account's token says, and whether it still holds: the account and what it is bound to must exist.</summary>
internal static class ServiceAccountClaims
{
    private const string Claim = "kubernetes.io";

    public static JsonObject Make(JsonObject account, JsonArray audiences, JsonObject? bound, DateTimeOffset now, long seconds)
    {
        var (ns, name) = (account.Namespace(), account.Name());
        var about = new JsonObject
        {
            ["namespace"] = ns,
            ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = account.Text("metadata", "uid") },
        };
        if (bound is not null)
            about[bound.TextOr("", "kind").ToLowerInvariant()] = new JsonObject { ["name"] = bound.Text("metadata", "name"), ["uid"] = bound.Text("metadata", "uid") };
        if (bound.Text("spec", "nodeName") is { Length: > 0 } node) about["node"] = new JsonObject { ["name"] = node };
        var start = now.ToUnixTimeSeconds();
        return new JsonObject
        {
            ["aud"] = audiences.DeepClone(),
            ["exp"] = start + seconds,
            ["iat"] = start,
            ["nbf"] = start,
            ["iss"] = ServiceAccountTokens.Issuer,
            ["jti"] = Guid.NewGuid().ToString(),
            [Claim] = about,
            ["sub"] = $"system:serviceaccount:{ns}:{name}",
        };
    }

    public static (UserInfo? User, string Error) Verify(Cluster cluster, JsonObject claims)
    {
        var about = claims.Object(Claim) ?? [];
        var ns = about.TextOr("", "namespace");
        var (account, uid) = (about.TextOr("", "serviceaccount", "name"), about.TextOr("", "serviceaccount", "uid"));
        var stored = cluster.Registry.Get("", "serviceaccounts").Store.Find($"{ns}/{account}");
        if (stored is null || stored.Uid != uid) return (null, "invalid bearer token");
        var extra = new Dictionary<string, string[]> { ["authentication.kubernetes.io/credential-id"] = ["JTI=" + claims.Text("jti")] };
        foreach (var (kind, plural) in (ReadOnlySpan<(string, string)>)[("pod", "pods"), ("secret", "secrets")])
        {
            if (about.Object(kind) is not { } bound) continue;
            var target = cluster.Registry.Get("", plural).Store.Find($"{ns}/{bound.Text("name")}");
            if (target is null || target.Uid != bound.Text("uid")) return (null, "invalid bearer token");
            if (kind != "pod") continue;
            extra["authentication.kubernetes.io/pod-name"] = [bound.TextOr("", "name")];
            extra["authentication.kubernetes.io/pod-uid"] = [bound.TextOr("", "uid")];
            if (about.Text("node", "name") is { } node) extra["authentication.kubernetes.io/node-name"] = [node];
        }
        return (new UserInfo($"system:serviceaccount:{ns}:{account}", uid, ["system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"], extra), "");
    }
}
