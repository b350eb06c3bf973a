using System.Globalization;
using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Pods.Volumes;

/// <summary>A file of a volume whose content comes from the API.</summary>
internal sealed record VolumeFile(byte[] Content, int Mode);

/// <summary>
/// Writes a volume's files as the kubelet does: into a fresh directory that one rename of <c>..data</c> makes current,
/// so that a reader sees all of the old or all of the new.
/// </summary>
internal static class AtomicWriter
{
    private const string Current = "..data", Next = "..data_tmp";

    /// <summary>Returns false when the volume already held exactly these files.</summary>
    public static bool Write(string folder, IReadOnlyDictionary<string, VolumeFile> files)
    {
        Directory.CreateDirectory(folder);
        string link = Path.Combine(folder, Current);
        string? old = new FileInfo(link).LinkTarget;
        if (old is not null && Same(Path.Combine(folder, old), files))
        {
            return false;
        }

        string stamp = DateTime.UtcNow.ToString("'..'yyyy_MM_dd_HH_mm_ss.fffffff", CultureInfo.InvariantCulture);
        string fresh = Path.Combine(folder, stamp);
        Directory.CreateDirectory(fresh);
        UnixFile.SetMode(fresh, UnixFile.Traversable);
        foreach (var (name, file) in files)
        {
            string path = Path.Combine(fresh, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, file.Content);
            UnixFile.SetMode(path, file.Mode);
        }

        string next = Path.Combine(folder, Next);
        File.Delete(next);
        File.CreateSymbolicLink(next, stamp);
        Native.Check(Native.rename(next, link), $"renaming {next}"); // File.Move follows the link and finds no file.
        Expose(folder, files.Keys);
        if (old is not null)
        {
            Directory.Delete(Path.Combine(folder, old), recursive: true);
        }

        return true;
    }

    /// <summary>Each first path step is a link through <c>..data</c>; those of files no longer there go.</summary>
    private static void Expose(string folder, IEnumerable<string> names)
    {
        var wanted = names.Select(static name => name.Split('/')[0]).ToHashSet();
        foreach (string name in wanted)
        {
            string path = Path.Combine(folder, name);
            if (new FileInfo(path).LinkTarget is null)
            {
                File.CreateSymbolicLink(path, $"{Current}/{name}");
            }
        }

        foreach (FileInfo entry in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (!entry.Name.StartsWith("..", StringComparison.Ordinal) && !wanted.Contains(entry.Name))
            {
                entry.Delete();
            }
        }
    }

    private static bool Same(string folder, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var present = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path)).ToHashSet();
        return present.SetEquals(files.Keys) && files.All(file =>
            File.ReadAllBytes(Path.Combine(folder, file.Key)).AsSpan().SequenceEqual(file.Value.Content)
            && (int)UnixFile.Mode(Path.Combine(folder, file.Key)) == file.Value.Mode);
    }
}
