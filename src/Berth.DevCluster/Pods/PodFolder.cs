namespace Berth.DevCluster.Pods;

/// <summary>A pod's directory on the host, under a short name because Unix sockets in its volumes have short paths.</summary>
internal sealed class PodFolder
{
    public PodFolder(string parent, string uid)
    {
        Path = Find(parent, uid);
        Directory.CreateDirectory(Volumes);
        Directory.CreateDirectory(Logs);
        File.WriteAllText(System.IO.Path.Combine(Path, "uid"), uid);
    }

    public string Path { get; }

    public string Volumes => System.IO.Path.Combine(Path, "v");

    public string Logs => System.IO.Path.Combine(Path, "l");

    public void Delete()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>The first eight digits of the uid; more when another pod has them already.</summary>
    private static string Find(string parent, string uid)
    {
        for (int length = 8; length < uid.Length; length++)
        {
            string path = System.IO.Path.Combine(parent, uid[..length]);
            string note = System.IO.Path.Combine(path, "uid");
            if (!Directory.Exists(path) || (File.Exists(note) && File.ReadAllText(note) == uid))
            {
                return path;
            }
        }

        return System.IO.Path.Combine(parent, uid);
    }
}
