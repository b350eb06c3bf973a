using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Strategies;

/// <summary>
/// Where a definition's errors are reported: what all versions say alike a real server keeps once, above the versions, and names it
/// there (<c>spec.validation</c>, <c>spec.subresources</c>).
/// </summary>
internal sealed class DefinitionVersions(JsonObject definition)
{
    private readonly List<JsonObject> _versions = [.. definition.Objects("spec", "versions")];

    private bool Alike(string field) => _versions.TrueForAll(v => JsonNode.DeepEquals(v[field], _versions[0][field]));

    public FieldPath Schema(int version) => Alike("schema")
        ? FieldPath.Of("spec").Child("validation").Child("openAPIV3Schema")
        : FieldPath.Of("spec").Child("versions").Index(version).Child("schema").Child("openAPIV3Schema");

    /// <summary>The versions whose schema is to be checked: one when all are alike.</summary>
    public IEnumerable<(JsonObject Version, int Index)> Distinct() => _versions.Select((v, i) => (v, i)).Take(Alike("schema") && Alike("subresources") ? 1 : int.MaxValue);

    public string Shown() => "[" + string.Join(',', _versions.Select(v =>
    {
        var shown = v.Clone();
        foreach (var field in (string[])["schema", "subresources", "additionalPrinterColumns", "selectableFields"])
        {
            if (Alike(field)) shown.Remove(field);
        }
        foreach (var flag in (string[])["served", "storage", "deprecated"]) shown.Default(flag, false);
        return GoStyle.Struct(shown, "Name", "Served", "Storage", "Deprecated", "DeprecationWarning", "Schema", "Subresources", "AdditionalPrinterColumns", "SelectableFields");
    })) + "]";

    public void CheckStorage(FieldErrors errors)
    {
        var stored = _versions.Where(v => v.Flag("storage") == true).Select(v => v.TextOr("", "name")).ToList();
        if (stored.Count != 1) errors.Add(Http.FieldError.Invalid("spec.versions", Shown(), "must have exactly one version marked as storage version"));
        var names = definition.Strings("status", "storedVersions").ToList();
        if (stored.Count > 0 && names.Count > 0 && !names.Contains(stored[^1]))
            errors.Add(Http.FieldError.Invalid("status.storedVersions", names.ToJson().ToJsonString(), $"must have the storage version {stored[^1]}"));
        foreach (var (name, i) in names.Select((n, i) => (n, i)))
        {
            if (!_versions.Exists(v => v.Text("name") == name))
                errors.Add(Http.FieldError.InvalidText($"status.storedVersions[{i}]", name, "missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions".Replace("v1", name, StringComparison.Ordinal)));
        }
    }
}
