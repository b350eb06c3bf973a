using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.History;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.History;

/// <summary>What a backup holds of a cluster.</summary>
internal sealed record ClusterResources(DateTimeOffset At, IReadOnlyList<JsonObject> Tasks, IReadOnlyList<JsonObject> Pools, IReadOnlyList<JsonObject> Approvals);

/// <summary>The folder <c>resources/</c> of a backup: one list a kind, and a manifest with counts and digests.</summary>
internal static class ClusterArchive
{
    private const string Folder = "resources/";
    private const string ManifestName = Folder + "manifest.json";
    private static readonly string[] Plurals = ["tasks", "agentpools", "approvals"];

    public static async Task WriteAsync(KubernetesClient client, ZipArchive archive, CancellationToken cancellationToken)
    {
        var files = new JsonArray();
        // What is created from here on may be missing in the lists.
        var at = DateTimeOffset.UtcNow;
        foreach (var plural in Plurals)
        {
            var path = BerthResources.Find(plural).PathOfCollection(null);
            var items = JsonNode.Parse(await client.SendForBytesAsync(new() { Method = HttpMethod.Get, Path = path, Verb = "list" }, cancellationToken))!["items"]!.AsArray();
            foreach (var item in items) item!["metadata"]!.AsObject().Remove("managedFields");
            var bytes = Encoding.UTF8.GetBytes(items.ToJsonString());
            await using var entry = archive.CreateEntry($"{Folder}{plural}.json", CompressionLevel.Fastest).Open();
            await entry.WriteAsync(bytes, cancellationToken);
            files.Add(new JsonObject { ["name"] = plural, ["count"] = items.Count, ["digest"] = Digests.Of(bytes) });
        }
        await using var manifest = archive.CreateEntry(ManifestName).Open();
        await manifest.WriteAsync(Encoding.UTF8.GetBytes(new JsonObject { ["version"] = 1, ["at"] = at.ToString("O"), ["files"] = files }.ToJsonString()), cancellationToken);
    }

    /// <exception cref="ArchiveException">Something is missing or damaged.</exception>
    /// <summary>Opens an archive that people name.</summary>
    public static ZipArchive Open(string path)
    {
        if (!File.Exists(path)) throw new CliException(ExitCodes.Usage, $"There is no file {path}.");
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (InvalidDataException error)
        {
            throw new ArchiveException($"{path} is no backup of Berth, or was cut off: it cannot be read as an archive. Use another backup.", error);
        }
    }

    public static async Task<ClusterResources> ReadAsync(ZipArchive archive, CancellationToken cancellationToken)
    {
        var manifest = JsonNode.Parse(await BytesAsync(archive, ManifestName, cancellationToken))!.AsObject();
        if ((int?)manifest["version"] != 1) throw new ArchiveException($"The backup's resources have form {manifest["version"]}; this program reads form 1. Use a newer version of Berth.");
        var lists = new Dictionary<string, IReadOnlyList<JsonObject>>(StringComparer.Ordinal);
        foreach (var file in manifest["files"]!.AsArray())
        {
            var name = (string)file!["name"]!;
            var bytes = await BytesAsync(archive, $"{Folder}{name}.json", cancellationToken);
            if (Digests.Of(bytes) != (string?)file["digest"]) throw new ArchiveException($"The backup's {name} are damaged: they do not have digest {file["digest"]}. Use another backup.");
            lists[name] = [.. JsonNode.Parse(bytes)!.AsArray().Select(i => i!.AsObject())];
        }
        if (Plurals.FirstOrDefault(p => !lists.ContainsKey(p)) is { } missing) throw new ArchiveException($"The backup has no {missing}. Use another backup.");
        return new(DateTimeOffset.Parse((string)manifest["at"]!, System.Globalization.CultureInfo.InvariantCulture), lists["tasks"], lists["agentpools"], lists["approvals"]);
    }

    private static async Task<byte[]> BytesAsync(ZipArchive archive, string name, CancellationToken cancellationToken)
    {
        var entry = archive.GetEntry(name) ?? throw new ArchiveException($"The archive has no {name}: it is not a backup of Berth, or was cut off.");
        try
        {
            await using var content = entry.Open();
            using var bytes = new MemoryStream();
            await content.CopyToAsync(bytes, cancellationToken);
            return bytes.ToArray();
        }
        catch (InvalidDataException error)
        {
            throw new ArchiveException($"{name} cannot be read: the archive is damaged.", error);
        }
    }
}
