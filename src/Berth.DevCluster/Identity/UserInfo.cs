using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Identity;

/// <summary>Who asks.</summary>
internal sealed record UserInfo(string Name, string Uid, IReadOnlyList<string> Groups, IReadOnlyDictionary<string, string[]>? Extra = null)
{
    public bool IsMaster => Groups.Contains("system:masters");

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["username"] = Name };
        if (Uid.Length > 0) json["uid"] = Uid;
        json["groups"] = Groups.ToJson();
        if (Extra is { Count: > 0 })
            json["extra"] = new JsonObject(Extra.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value.ToJson())));
        return json;
    }
}
