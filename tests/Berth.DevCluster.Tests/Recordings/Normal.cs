using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Berth.DevCluster.Tests.Recordings;

/// <summary>Takes out of answers what may differ from one cluster to the next: uids, times, versions, generated names.</summary>
internal static partial class Normal
{
    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b(?<prefix>[Gg]en[-_])[a-z0-9]{5}\b")]
    private static partial Regex Generated();

    [GeneratedRegex("kube-api-access-[a-z0-9]{5}")]
    private static partial Regex TokenVolume();

    [GeneratedRegex(@"resource version: \d+( \(\d+\))?")]
    private static partial Regex Revision();

    [GeneratedRegex(@"(?<=current: |in record \()\d+")]
    private static partial Regex Current();

    [GeneratedRegex("unable to parse .*|error unmarshaling .*")]
    private static partial Regex Unparsed();

    [GeneratedRegex(@"^(.* is invalid: )\[(.*)\]$", RegexOptions.Singleline)]
    private static partial Regex Invalid();

    [GeneratedRegex(@", (?=[\w.<>\[\]""]+: )")]
    private static partial Regex Separator();

    [GeneratedRegex(@"^((\d+[smhd])+|<unknown>)$")]
    private static partial Regex Age();

    public static JsonNode? Of(JsonNode? node, string key = "") => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(Uid().Replace(p.Key, "UID"), Of(p.Value, p.Key)))),
        JsonArray a => List(a, key),
        JsonValue v when v.GetValueKind() == JsonValueKind.String => Text(v.GetValue<string>(), key),
        _ => node?.DeepClone(),
    };

    private static JsonArray List(JsonArray array, string key)
    {
        var items = array.Select(i => Of(i, key));
        if (key is "managedFields" or "causes" or "conditions") items = items.OrderBy(i => i?.ToJsonString(), StringComparer.Ordinal);
        // The distribution that was recorded adds a source of its own to token volumes.
        if (key == "sources") items = items.Where(i => (string?)i?["configMap"]?["name"] != "openshift-service-ca.crt");
        if (key == "cells") items = items.Select(i => i is JsonValue v && v.GetValueKind() == JsonValueKind.String && Age().IsMatch(v.GetValue<string>()) ? "AGE" : i);
        return new JsonArray([.. items]);
    }

    private static string Text(string text, string key)
    {
        if (key == "resourceVersion") return "RV";
        if (key == "continue") return text.Length > 0 ? "CONT" : "";
        if (key == "token") return "TOKEN";
        if (key == "uid" && Uid().IsMatch(text)) return "UID";
        text = Generated().Replace(Time().Replace(Uid().Replace(text, "UID"), "TIME"), "${prefix}XXXXX");
        text = Current().Replace(Revision().Replace(TokenVolume().Replace(text, "kube-api-access-XXXXX"), "resource version: N"), "N");
        if (key == "message") text = Unparsed().Replace(text, "PARSE");
        var invalid = Invalid().Match(text);
        return invalid.Success ? invalid.Groups[1].Value + string.Join(" | ", Separator().Split(invalid.Groups[2].Value).Order(StringComparer.Ordinal)) : text;
    }
}
