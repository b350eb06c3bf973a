using System.Text.Json;
using System.Text.Json.Nodes;

namespace Berth.Api;

/// <summary>
/// Everything that apply will run with. Its canonical form is JSON with keys in ordinal order, no white space, nulls left out;
/// the digest of that form is what a person approves. Operator and agent both compute it.
/// </summary>
public sealed record Manifest
{
    /// <summary>Version of this form.</summary>
    public int Version { get; set; } = 1;

    /// <summary>Uid of the task.</summary>
    public string TaskUid { get; init => field = value ?? ""; } = "";

    /// <summary>Run of the task.</summary>
    public int Run { get; init; }

    /// <summary>The attempt that made the plan: however equal the next plan is, it has another digest, and no approval of this one is for it.</summary>
    public string? Plan { get; init; }

    /// <summary>Digest of the immutable part of the spec.</summary>
    public string SpecHash { get; init => field = value ?? ""; } = "";

    /// <summary>Digest over the source files, if there is a source.</summary>
    public string? SourceDigest { get; init; }

    /// <summary>Source files by path.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }

    /// <summary>Artifacts by path.</summary>
    public IReadOnlyDictionary<string, string>? Artifacts { get; init; }

    /// <summary>The command that apply runs.</summary>
    public IReadOnlyList<string> Command { get; init => field = value ?? []; } = [];

    /// <summary>The command that prepares a slot.</summary>
    public IReadOnlyList<string>? Prepare { get; init; }

    /// <summary>Literals and ConfigMap values of apply's environment.</summary>
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary>Variables of apply that come from Secrets: variable to <c>secret/key</c>, whole Secrets as <c>prefix*</c> to <c>secret</c>.</summary>
    public IReadOnlyDictionary<string, string>? Secrets { get; init; }

    /// <summary>Image of the slot container.</summary>
    public string? ImageId { get; init; }

    /// <summary>Service account of the pod.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>Hash of the pool's pod template.</summary>
    public string? TemplateHash { get; init; }

    /// <summary>Versions of tools.</summary>
    public IReadOnlyDictionary<string, string>? ToolVersions { get; init; }

    /// <summary>Digest of the plan text shown to the approver.</summary>
    public string? TextDigest { get; init; }

    /// <summary>The canonical form.</summary>
    public string ToCanonicalJson() => CanonicalJson.Write(JsonSerializer.SerializeToNode(this, BerthJson.Default.Manifest));

    /// <summary>The digest of the canonical form.</summary>
    public string Digest() => Digests.Of(ToCanonicalJson());

    /// <summary>Reads a canonical form; null for anything that is not a manifest.</summary>
    public static Manifest? Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, BerthJson.Default.Manifest);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>JSON with object keys in ordinal order and no white space, so that equal documents have equal bytes.</summary>
public static class CanonicalJson
{
    /// <summary>Writes the canonical form; null becomes <c>null</c>, null members are left out.</summary>
    public static string Write(JsonNode? node)
    {
        var sorted = Sort(node);
        return sorted is null ? "null" : sorted.ToJsonString();
    }

    private static JsonNode? Sort(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Where(p => p.Value is not null).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sort(p.Value)))),
        JsonArray list => new JsonArray(list.Select(Sort).ToArray()),
        null => null,
        _ => node.DeepClone(),
    };
}
