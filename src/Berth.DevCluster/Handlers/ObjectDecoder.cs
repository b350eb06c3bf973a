using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;
using YamlDotNet.Core;

namespace Berth.DevCluster.Handlers;

/// <summary>Reads objects from request bodies and says, in the server's words, why one cannot be read.</summary>
internal static class ObjectDecoder
{
    private static readonly string[] Accepted = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

    /// <summary>An object of the target's kind, decoded and defaulted.</summary>
    public static JsonObject Decode(ApiRequest request, Target target, byte[] body)
    {
        var duplicates = new List<string>();
        var source = Parse(request, target.Resource.Kind, body, duplicates, target.Version.Type);
        return Normalise(request, target, CheckKind(target, source), duplicates);
    }

    /// <summary>An object that is not the target's own kind, such as a Binding or a TokenRequest; null for an empty body.</summary>
    public static JsonObject? Loose(ApiRequest request, string kind, byte[] body, string typeName)
    {
        if (body.Length == 0) return null;
        var source = Parse(request, kind, body, [], BuiltinTypes.Get(typeName));
        try
        {
            return BuiltinCodec.Decode(source, BuiltinTypes.Get(typeName)).Object;
        }
        catch (DecodeException e)
        {
            throw CannotBeHandled(source, kind, e.Message);
        }
    }

    /// <summary>Brings a patched or posted object into stored form and reports unknown fields as the client wished.</summary>
    public static JsonObject Normalise(ApiRequest request, Target target, JsonObject source, IReadOnlyList<string> duplicates)
    {
        try
        {
            var (obj, unknown) = KindCodec.Decode(target.Resource, target.Version, source);
            Report(request, target, obj, unknown, duplicates);
            return obj;
        }
        catch (DecodeException e)
        {
            throw CannotBeHandled(source, target.Resource.Kind, e.Message);
        }
    }

    private static void Report(ApiRequest request, Target target, JsonObject obj, IReadOnlyList<string> unknown, IReadOnlyList<string> duplicates)
    {
        if (request.FieldValidation == "Ignore") return;
        var words = duplicates.Select(d => $"duplicate field \"{d}\"").Concat(unknown.Select(u => $"unknown field \"{u}\"")).ToList();
        if (words.Count == 0) return;
        if (request.FieldValidation == "Strict")
        {
            throw StatusException.BadRequest(
                $"{obj.TextOr(target.Resource.Kind, "kind")} in version \"{target.Version.Name}\" cannot be handled as a {target.Resource.Kind}: strict decoding error: {string.Join(", ", words)}");
        }
        foreach (var word in words) request.Warn(word);
    }

    private static JsonObject CheckKind(Target target, JsonObject source)
    {
        var (kind, apiVersion) = (source.TextOr("", "kind"), source.TextOr("", "apiVersion"));
        if (target.Resource.Custom is not null)
        {
            if (apiVersion.Length == 0 || kind.Length == 0)
                throw StatusException.BadRequest($"the object provided is unrecognized (must be of type {target.Resource.Kind}): Object '{(kind.Length == 0 ? "Kind" : "apiVersion")}' is missing in '{Shown(JsonText.Bytes(source), int.MaxValue)}'");
            if (apiVersion != target.Version.ApiVersion)
                throw StatusException.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({target.Version.ApiVersion})");
            return source;
        }
        // Built-in kinds may leave both out.
        if (apiVersion.Length > 0 && kind.Length > 0 && !IsRegistered(apiVersion, kind))
        {
            throw StatusException.BadRequest($"{kind} in version \"{apiVersion.Split('/')[^1]}\" cannot be handled as a {target.Resource.Kind}: no kind \"{kind}\" is registered for version \"{apiVersion}\" in scheme \"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30\"");
        }
        if (apiVersion.Length > 0 && apiVersion != target.Version.ApiVersion && kind == target.Resource.Kind)
            throw StatusException.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({target.Version.ApiVersion})");
        if (kind.Length > 0 && kind != target.Resource.Kind)
            throw StatusException.BadRequest($"{kind} in version \"{apiVersion.Split('/')[^1]}\" cannot be handled as a {target.Resource.Kind}: converting ({apiVersion.Split('/')[^1]}.{kind}) to ({(target.Resource.Group.Length == 0 ? "core" : target.Resource.Group.Split('.')[0])}.{target.Resource.Kind}): unknown conversion");
        source["kind"] = target.Resource.Kind;
        source["apiVersion"] = target.Version.ApiVersion;
        return source;
    }

    private static bool IsRegistered(string apiVersion, string kind)
    {
        var parts = apiVersion.Split('/');
        return BuiltinTypes.Find(parts.Length == 1 ? $"core/{apiVersion}.{kind}" : $"{parts[0].Split('.')[0]}/{parts[1]}.{kind}") is not null;
    }

    private static JsonObject Parse(ApiRequest request, string kind, byte[] body, List<string> duplicates, FieldType type)
    {
        var media = RequestBody.MediaType(request.Http);
        if (media == "application/vnd.kubernetes.protobuf") return ParseProtobuf(body, kind, type);
        if (media is not ("" or "application/json" or "application/yaml" or "*/*")) throw StatusException.UnsupportedMediaType(Accepted);
        if (body.Length == 0) throw StatusException.BadRequest($"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)");
        try
        {
            var node = media == "application/yaml" ? Yaml.Parse(Encoding.UTF8.GetString(body), duplicates) : RequestBody.ParseJson(body, duplicates);
            // Null is an object of which nothing is known.
            if (node is null && type.Name.Length > 0) return [];
            return node as JsonObject ?? throw StatusException.BadRequest(
                $"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: json: cannot unmarshal {GoJson.Noun(node)} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }} ({Shown(body, 30)})");
        }
        catch (JsonException e)
        {
            throw StatusException.BadRequest($"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {GoJson.Complaint(body, e)} ({Shown(body, 30)})");
        }
        catch (YamlException e)
        {
            throw StatusException.BadRequest($"the object provided is unrecognized (must be of type {kind}): {GoYaml.Complaint(e)} ({Shown(body, 30)})");
        }
    }

    private static JsonObject ParseProtobuf(byte[] body, string kind, FieldType type)
    {
        try
        {
            var (apiVersion, found, message) = ProtobufReader.Open(body)
                ?? throw StatusException.BadRequest($"the object provided is unrecognized (must be of type {kind}): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
            var obj = ProtobufReader.Struct(message, type);
            obj["apiVersion"] = apiVersion;
            obj["kind"] = found;
            return obj;
        }
        catch (DecodeException e)
        {
            throw StatusException.BadRequest($"the object provided is unrecognized (must be of type {kind}): {e.Message}");
        }
    }

    private static StatusException CannotBeHandled(JsonObject source, string kind, string why)
    {
        var version = source.TextOr("v1", "apiVersion").Split('/')[^1];
        return StatusException.BadRequest($"{source.TextOr(kind, "kind")} in version \"{version}\" cannot be handled as a {kind}: {why}");
    }

    private static string Shown(byte[] body, int length)
    {
        var text = Encoding.UTF8.GetString(body);
        // What does not look like an object is shown as it came.
        if (length < int.MaxValue && !text.TrimStart().StartsWith('{')) return Convert.ToHexStringLower(body.AsSpan(0, Math.Min(body.Length, length))) + (body.Length > length ? " ..." : "");
        return text.Length <= length ? text : text[..length] + " ...";
    }
}
