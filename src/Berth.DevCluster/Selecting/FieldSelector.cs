using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Selecting;

/// <summary>A field selector: all its terms must hold. Only declared fields may be asked for.</summary>
internal sealed class FieldSelector
{
    private readonly IReadOnlyList<Term> _terms;
    private readonly ServedVersion _version;
    private readonly ServedVersion _stored;

    private FieldSelector(IReadOnlyList<Term> terms, ServedVersion version, ServedVersion stored) => (_terms, _version, _stored) = (terms, version, stored);

    private sealed record Term(string Field, string Value, bool Equal);

    /// <summary>The one name that is asked for, if any: such a list or watch needs no scan.</summary>
    public string? Name => _terms.FirstOrDefault(t => t is { Field: "metadata.name", Equal: true })?.Value;

    public string? Namespace => _terms.FirstOrDefault(t => t is { Field: "metadata.namespace", Equal: true })?.Value;

    public bool IsEverything => _terms.Count == 0;

    /// <summary>The one name that a selector asks for; empty if there is none, or if it cannot be read.</summary>
    public static string NameIn(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(static part => part.Split(["==", "="], 2, StringSplitOptions.None))
        .FirstOrDefault(static part => part is ["metadata.name", { Length: > 0 }])?[1] ?? "";

    public static FieldSelector Parse(string text, ApiResource resource, ServedVersion version)
    {
        var terms = new List<Term>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var term = ParseTerm(part);
            if (term.Field is not "metadata.name" and not "metadata.namespace" && !version.SelectableFields.Contains(term.Field))
                throw StatusException.BadRequest(Unsupported(term.Field, resource));
            terms.Add(term);
        }
        return new FieldSelector(terms, version, resource.Storage);
    }

    public bool Matches(StoredObject obj)
    {
        JsonObject? parsed = null;
        foreach (var term in _terms)
        {
            var value = term.Field switch
            {
                "metadata.name" => obj.Name,
                "metadata.namespace" => obj.Namespace,
                _ => Value(parsed ??= Conversions.To(_version, _stored, obj.Parse()), term.Field),
            };
            if (value == term.Value != term.Equal) return false;
        }
        return true;
    }

    private static Term ParseTerm(string part)
    {
        foreach (var sign in (ReadOnlySpan<string>)["!=", "==", "="])
        {
            var at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0) return new Term(part[..at].Trim(), Unescape(part[(at + sign.Length)..].Trim()), sign != "!=");
        }
        throw StatusException.BadRequest($"invalid selector: '{part}'; can't understand '{part}'");
    }

    private static string Unescape(string value) => value.Replace("\\,", ",", StringComparison.Ordinal).Replace("\\=", "=", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);

    private static string Unsupported(string field, ApiResource resource) => resource.Custom is not null ? $"field label not supported: {field}"
        : resource.Version(resource.Versions[0].Name)?.SelectableFields.Count > 0 && resource.Group.Length == 0 ? $"field label not supported: {field}"
        : $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";

    private static string Value(JsonObject obj, string field)
    {
        if (field == "spec.hostNetwork" || field == "spec.unschedulable") return obj.Flag(field.Split('.')) == true ? "true" : "false";
        if (field == "source") return obj.Text("source", "component") is { Length: > 0 } component ? component : obj.TextOr("", "reportingComponent");
        if (field == "status.podIPs") return string.Join(",", obj.Objects("status", "podIPs").Select(p => p.Text("ip")));
        if (field == "status.successful") return (obj.Number("status", "succeeded") ?? 0).Invariant();
        return obj.At(field.TrimStart('.').Split('.')).ScalarText();
    }
}
