using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Berth.Chart.Tests;

/// <summary>
/// Whether objects that were valid under one release's CRD are valid, and mean the same, under another's: fields may be added, nothing that
/// was accepted may be refused. Rules in CEL are compared by being there: a new one is named, since only a person can say whom it hits.
/// </summary>
internal static partial class CrdCompatibility
{
    // Keyword, and whether a greater number is the looser one.
    private static readonly (string Keyword, bool GreaterIsLooser)[] Bounds =
    [
        ("maxLength", true), ("maxItems", true), ("maxProperties", true), ("maximum", true),
        ("minLength", false), ("minItems", false), ("minProperties", false), ("minimum", false),
    ];

    /// <summary>Every way in which the new CRD breaks objects or clients of the old one.</summary>
    public static IReadOnlyList<string> Breaks(JsonObject older, JsonObject newer)
    {
        var found = new List<string>();
        var (before, after) = (older["spec"]!.AsObject(), newer["spec"]!.AsObject());
        foreach (var name in (string[])["group", "scope"])
            if ((string?)before[name] != (string?)after[name]) found.Add($"{name} was {before[name]} and is {after[name]}");
        foreach (var (name, value) in before["names"]!.AsObject())
            if (value is JsonValue && value.ToJsonString() != after["names"]![name]?.ToJsonString()) found.Add($"names.{name} was {value} and is {after["names"]![name]}");
        foreach (var version in before["versions"]!.AsArray()) Version(version!.AsObject(), after, found);
        return found;
    }

    private static void Version(JsonObject version, JsonObject after, List<string> found)
    {
        var name = (string)version["name"]!;
        if (after["versions"]!.AsArray().FirstOrDefault(v => (string?)v!["name"] == name) is not JsonObject same)
        {
            found.Add($"version {name} is gone");
            return;
        }
        if ((bool)version["served"]! && !(bool)same["served"]!) found.Add($"version {name} is no longer served");
        foreach (var (subresource, value) in version["subresources"] as JsonObject ?? [])
            if (same["subresources"]?[subresource] is not { } now) found.Add($"{name}: subresource {subresource} is gone");
            else if (now.ToJsonString() != value!.ToJsonString()) found.Add($"{name}: subresource {subresource} was {value.ToJsonString()} and is {now.ToJsonString()}");
        Schema(version["schema"]!["openAPIV3Schema"]!.AsObject(), same["schema"]!["openAPIV3Schema"]!.AsObject(), name, found);
    }

    private static void Schema(JsonObject older, JsonObject newer, string at, List<string> found)
    {
        foreach (var keyword in (string[])["type", "format", "pattern", "x-kubernetes-list-type", "x-kubernetes-map-type", "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"])
            if (newer[keyword]?.ToJsonString() is var now && older[keyword]?.ToJsonString() is var then && now != then && !(keyword == "pattern" && now is null)) found.Add($"{at}: {keyword} was {then ?? "absent"} and is {now ?? "absent"}");
        if (older["default"] is { } had && newer["default"]?.ToJsonString() != had.ToJsonString()) found.Add($"{at}: the default was {had.ToJsonString()} and is {newer["default"]?.ToJsonString() ?? "absent"}");
        foreach (var (keyword, greaterIsLooser) in Bounds) Bound(older[keyword], newer[keyword], keyword, greaterIsLooser, at, found);
        if (newer["enum"] is JsonArray allowed)
            foreach (var missing in Missing(older["enum"] as JsonArray, allowed)) found.Add($"{at}: {missing} is no longer allowed");
        if (newer["enum"] is not null && older["enum"] is null) found.Add($"{at}: is an enum now");
        foreach (var required in Missing(newer["required"] as JsonArray, older["required"] as JsonArray ?? [])) found.Add($"{at}: {required} is required now");
        foreach (var rule in Rules(newer).Except(Rules(older)).Where(r => !IsAboutNewFields(r, older))) found.Add($"{at}: has a new rule {rule}");
        Properties(older, newer, at, found);
        if (older["items"] is JsonObject items && newer["items"] is JsonObject now2) Schema(items, now2, at + "[]", found);
        if (older["additionalProperties"] is JsonObject values && newer["additionalProperties"] is JsonObject now3) Schema(values, now3, at + ".*", found);
    }

    private static void Properties(JsonObject older, JsonObject newer, string at, List<string> found)
    {
        foreach (var (name, schema) in older["properties"] as JsonObject ?? [])
            if (newer["properties"]?[name] is JsonObject same) Schema(schema!.AsObject(), same, $"{at}.{name}", found);
            else found.Add($"{at}.{name} is gone");
    }

    private static void Bound(JsonNode? older, JsonNode? newer, string keyword, bool greaterIsLooser, string at, List<string> found)
    {
        if (newer is null) return;
        var (then, now) = ((long?)older, (long)newer);
        if (then is null || (greaterIsLooser ? now < then : now > then)) found.Add($"{at}: {keyword} was {then?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "absent"} and is {now}");
    }

    private static IEnumerable<string> Missing(JsonArray? of, JsonArray from) => (of ?? []).Select(v => v!.ToJsonString()).Except(from.Select(v => v!.ToJsonString()));

    /// <summary>Objects of before have none of these fields, so such a rule holds for them (fields that are fixed at creation are the case).</summary>
    private static bool IsAboutNewFields(string rule, JsonObject older)
    {
        var fields = Field().Matches(rule).Select(m => m.Groups[1].Value).ToList();
        return fields.Count > 0 && fields.TrueForAll(f => older["properties"]?[f] is null);
    }

    private static IEnumerable<string> Rules(JsonObject schema) => (schema["x-kubernetes-validations"] as JsonArray ?? []).Select(r => (string)r!["rule"]!);

    [GeneratedRegex(@"\b(?:self|oldSelf)\.(\w+)")]
    private static partial Regex Field();
}
