using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Pods.Volumes;

/// <summary>A pod's volumes as directories of the host, and their content from the API kept current.</summary>
internal sealed class PodVolumes(ApiSources sources, string folder, string claims, string address)
{
    private readonly Dictionary<string, string> _paths = [];
    private readonly HashSet<string> _references = [];
    private readonly Dictionary<string, (string Token, DateTimeOffset RefreshAt)> _tokens = [];

    /// <summary>When the first of the pod's tokens has to be fetched anew.</summary>
    public DateTimeOffset? RefreshAt => _tokens.Count == 0 ? null : _tokens.Values.Min(static token => token.RefreshAt);

    /// <summary>True when content comes from that ConfigMap or Secret (<c>configmaps/name</c>).</summary>
    public bool Uses(string reference) => _references.Contains(reference);

    /// <summary>Makes every volume, or brings those with content up to date.</summary>
    public async Task EnsureAsync(JsonObject pod)
    {
        int index = 0;
        foreach (JsonNode volume in pod.Items("spec", "volumes"))
        {
            string name = volume.Text("name") ?? "";
            try
            {
                _paths[name] = await MakeAsync(pod, volume, Path.Combine(folder, (index++).ToString(CultureInfo.InvariantCulture)));
            }
            catch (VolumeException missing)
            {
                throw new VolumeException($"MountVolume.SetUp failed for volume \"{name}\" : {missing.Message}");
            }
        }
    }

    public VolumeMount Mount(JsonNode mount, Func<string, string> expand)
    {
        string name = mount.Text("name") ?? "";
        string path = _paths.GetValueOrDefault(name) ?? throw new VolumeException($"volume \"{name}\" is not made yet");
        string below = mount.Text("subPath") ?? (mount.Text("subPathExpr") is { } expression ? expand(expression) : "");
        if (below.Length > 0)
        {
            path = Path.Combine(path, below);
            if (!Path.Exists(path))
            {
                Directory.CreateDirectory(path);
                UnixFile.SetMode(path, UnixFile.Open);
            }

            path = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        }

        return new VolumeMount(path, mount.Text("mountPath") ?? "", mount.Flag("readOnly"));
    }

    private async Task<string> MakeAsync(JsonObject pod, JsonNode volume, string path)
    {
        if (volume.Text("hostPath", "path") is { } hostPath)
        {
            return HostPath(hostPath, volume.Text("hostPath", "type") ?? "");
        }

        if (volume.Text("persistentVolumeClaim", "claimName") is { } claim)
        {
            return OpenFolder(Path.Combine(claims, pod.Namespace(), claim));
        }

        if (volume.At("emptyDir") is not null)
        {
            return OpenFolder(path);
        }

        string field = volume.At("projected") is not null ? "projected" : volume.At("configMap") is not null ? "configMap"
            : volume.At("secret") is not null ? "secret" : volume.At("downwardAPI") is not null ? "downwardAPI"
            : throw new VolumeException("its type is not supported by the pod runner; use emptyDir, configMap, secret, projected, "
                + "downwardAPI, hostPath or persistentVolumeClaim");
        int mode = (int)(volume.Number(field, "defaultMode") ?? 0b110_100_100);
        var files = new Dictionary<string, VolumeFile>();
        IEnumerable<JsonNode> parts = field == "projected" ? volume.Items("projected", "sources") : [volume];
        foreach (JsonNode part in parts)
        {
            await AddAsync(pod, part, mode, files);
        }

        AtomicWriter.Write(path, files);
        return path;
    }

    private async Task AddAsync(JsonObject pod, JsonNode source, int mode, Dictionary<string, VolumeFile> files)
    {
        if (source.At("configMap") is { } map)
        {
            await AddDataAsync(pod, "configmaps", "configmap", map.Text("name") ?? "", map, mode, files);
        }
        else if (source.At("secret") is { } secret)
        {
            await AddDataAsync(pod, "secrets", "secret", secret.Text("secretName") ?? secret.Text("name") ?? "", secret, mode, files);
        }
        else if (source.At("serviceAccountToken") is { } token)
        {
            string path = token.Text("path") ?? "token";
            files[path] = new VolumeFile(Encoding.UTF8.GetBytes(await TokenAsync(pod, token, path)), mode);
        }
        else if (source.At("downwardAPI") is { } downward)
        {
            foreach (JsonNode item in downward.Items("items"))
            {
                string text = item.At("resourceFieldRef") is { } resource
                    ? DownwardApi.Resource(pod, resource, "")
                    : DownwardApi.Field(pod, item.Text("fieldRef", "fieldPath") ?? "", address);
                files[item.Text("path") ?? ""] = new VolumeFile(Encoding.UTF8.GetBytes(text), (int)(item.Number("mode") ?? mode));
            }
        }
    }

    private async Task AddDataAsync(
        JsonObject pod, string kind, string noun, string name, JsonNode source, int mode, Dictionary<string, VolumeFile> files)
    {
        _references.Add($"{kind}/{name}");
        bool optional = source.Flag("optional");
        if (await sources.DataAsync(kind, pod.Namespace(), name) is not { } data)
        {
            if (!optional)
            {
                throw new VolumeException($"{noun} \"{name}\" not found");
            }

            return;
        }

        if (source.At("items") is null)
        {
            foreach (var (key, content) in data)
            {
                files[key] = new VolumeFile(content, mode);
            }

            return;
        }

        foreach (JsonNode item in source.Items("items"))
        {
            string key = item.Text("key") ?? "";
            if (data.TryGetValue(key, out byte[]? content))
            {
                files[item.Text("path") ?? key] = new VolumeFile(content, (int)(item.Number("mode") ?? mode));
            }
            else if (!optional)
            {
                throw new VolumeException($"references non-existent {noun} key: {key}");
            }
        }
    }

    private async Task<string> TokenAsync(JsonObject pod, JsonNode source, string path)
    {
        string key = $"{source.Text("audience")}/{path}";
        if (!_tokens.TryGetValue(key, out var token) || token.RefreshAt <= DateTimeOffset.UtcNow)
        {
            _tokens[key] = token = await sources.TokenAsync(pod, source);
        }

        return token.Token;
    }

    private static string HostPath(string path, string type)
    {
        if (type == "DirectoryOrCreate" && !Path.Exists(path))
        {
            Directory.CreateDirectory(path);
        }
        else if (type == "FileOrCreate" && !Path.Exists(path))
        {
            File.WriteAllBytes(path, []);
        }

        bool good = type switch
        {
            "Directory" => Directory.Exists(path),
            "File" => File.Exists(path),
            _ => Path.Exists(path),
        };
        return good ? path : throw new VolumeException($"hostPath type check failed: {path} is not {(type.Length == 0 ? "there" : "a " + type)}");
    }

    private static string OpenFolder(string path)
    {
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            UnixFile.SetMode(path, UnixFile.Open);
        }

        return path;
    }
}
