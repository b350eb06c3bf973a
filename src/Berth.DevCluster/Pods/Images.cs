using System.Security.Cryptography;
using System.Text;

namespace Berth.DevCluster.Pods;

/// <summary>Stands in for a registry: names map to directories; any other name is the host's own file system.</summary>
internal sealed class Images(IReadOnlyDictionary<string, string> folders)
{
    /// <summary>The directory of an image, matched with and without its tag or digest; null for the host's file system.</summary>
    public string? Folder(string image) =>
        folders.TryGetValue(image, out string? folder) || folders.TryGetValue(Repository(image), out folder) ? Path.GetFullPath(folder) : null;

    /// <summary>Names that no registry has: <c>does-not-exist/…</c> and the tag <c>missing</c>.</summary>
    public static bool IsMissing(string image) =>
        image.Split('/').Contains("does-not-exist") || image.EndsWith(":missing", StringComparison.Ordinal);

    public static string PullError(string image) =>
        $"failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {image}: not found";

    /// <summary>A stable digest of the name, as there are no layers to hash.</summary>
    public static string Id(string image) =>
        $"{Repository(image)}@sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(image)))}";

    private static string Repository(string image)
    {
        string name = image.Split('@')[0];
        int colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? name[..colon] : name;
    }
}
