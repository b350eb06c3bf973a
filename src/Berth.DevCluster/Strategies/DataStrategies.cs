using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>What ConfigMaps and Secrets share: keys, a size, and data that can be made final.</summary>
internal abstract partial class DataStrategy : ResourceStrategy
{
    private const string KeyMessage = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
    private const long MaxBytes = 1024 * 1024;

    [GeneratedRegex("^[-._a-zA-Z0-9]+$")]
    private static partial Regex KeyForm();

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (old?.Flag("immutable") == true)
        {
            if (obj.Flag("immutable") != true) errors.Add(FieldError.Forbidden("immutable", "field is immutable when `immutable` is set"));
            foreach (var field in (ReadOnlySpan<string>)["data", "binaryData"])
            {
                if (!JsonNode.DeepEquals(old[field], obj[field])) errors.Add(FieldError.Forbidden(field, "field is immutable when `immutable` is set"));
            }
        }
        var total = Keys(obj, "data", other: "binaryData", errors) + Keys(obj, "binaryData", other: null, errors);
        if (total > MaxBytes) errors.Add(FieldError.TooLong(TotalField, MaxBytes));
    }

    /// <summary>Where a total size that is too big is reported.</summary>
    protected abstract string TotalField { get; }

    protected abstract int Size(string field, string value);

    private long Keys(JsonObject obj, string field, string? other, FieldErrors errors)
    {
        long total = 0;
        foreach (var (key, value) in (obj.Object(field) ?? []).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            foreach (var why in KeyFaults(key)) errors.Add(FieldError.InvalidText($"{field}[{key}]", key, why));
            if (other is not null && obj.Object(other)?.ContainsKey(key) == true) errors.Add(FieldError.InvalidText($"{field}[{key}]", key, $"duplicate of key present in {other}"));
            total += Size(field, value.Text() ?? "");
        }
        return total;
    }

    private static IEnumerable<string> KeyFaults(string key)
    {
        if (key.Length > 253) yield return "must be no more than 253 characters";
        if (!KeyForm().IsMatch(key)) yield return KeyMessage;
        if (key == ".") yield return "must not be '.'";
        else if (key == "..") yield return "must not be '..'";
        else if (key.StartsWith("..", StringComparison.Ordinal)) yield return "must not start with '..'";
    }
}

/// <summary>ConfigMaps.</summary>
internal sealed class ConfigMapStrategy : DataStrategy
{
    protected override string TotalField => "";

    protected override int Size(string field, string value) => field == "data" ? Encoding.UTF8.GetByteCount(value) : value.Length / 4 * 3;
}

/// <summary>Secrets: text fields become bytes, and some types name the keys they need.</summary>
internal sealed class SecretStrategy : DataStrategy
{
    protected override string TotalField => "data";

    protected override int Size(string field, string value) => value.Length / 4 * 3;

    public override void Default(JsonObject obj)
    {
        if (obj.Object("stringData") is { } texts)
        {
            var data = obj.Ensure("data");
            foreach (var (key, value) in texts) data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Text() ?? ""));
            obj.Remove("stringData");
        }
        if (string.IsNullOrEmpty(obj.Text("type"))) obj["type"] = "Opaque";
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (old is not null && old.Text("type") != obj.Text("type"))
            errors.Add(FieldError.InvalidText("type", obj.TextOr("", "type"), "field is immutable"));
        base.Validate(obj, old, errors);
        var data = obj.Object("data") ?? [];
        switch (obj.Text("type"))
        {
            case "kubernetes.io/service-account-token":
                if (string.IsNullOrEmpty(obj.Text("metadata", "annotations", "kubernetes.io/service-account.name")))
                    errors.Add(FieldError.Required("metadata.annotations[kubernetes.io/service-account.name]"));
                break;
            case "kubernetes.io/dockerconfigjson":
                DockerConfig(data, ".dockerconfigjson", errors);
                break;
            case "kubernetes.io/dockercfg":
                DockerConfig(data, ".dockercfg", errors);
                break;
            case "kubernetes.io/basic-auth" when !data.ContainsKey("username") && !data.ContainsKey("password"):
                errors.Add(FieldError.Required("data[username]"));
                errors.Add(FieldError.Required("data[password]"));
                break;
            case "kubernetes.io/ssh-auth" when string.IsNullOrEmpty(data.Text("ssh-privatekey")):
                errors.Add(FieldError.Required("data[ssh-privatekey]"));
                break;
            case "kubernetes.io/tls":
                foreach (var key in ((string[])["tls.crt", "tls.key"]).Where(k => !data.ContainsKey(k))) errors.Add(FieldError.Required($"data[{key}]"));
                break;
        }
    }

    private static void DockerConfig(JsonObject data, string key, FieldErrors errors)
    {
        if (data.Text(key) is not { } encoded)
        {
            errors.Add(FieldError.Required($"data[{key}]"));
            return;
        }
        try
        {
            if (JsonNode.Parse(Convert.FromBase64String(encoded)) is JsonObject) return;
            errors.Add(FieldError.InvalidText($"data[{key}]", "<secret contents redacted>", "json: cannot unmarshal value into Go value of type map[string]interface {}"));
        }
        catch (JsonException e)
        {
            errors.Add(FieldError.InvalidText($"data[{key}]", "<secret contents redacted>", GoJson.Complaint(Convert.FromBase64String(encoded), e)));
        }
    }
}
