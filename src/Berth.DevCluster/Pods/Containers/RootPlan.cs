namespace Berth.DevCluster.Pods.Containers;

/// <summary>
/// Plans a container's private root: a tmpfs that shows the host's own top-level entries, with the volumes at their
/// mount paths. Where a mount path does not exist on the host, the deepest directory that does is replaced by a tmpfs
/// showing the same entries, so that the host's file system never gets a new directory.
/// </summary>
internal sealed class RootPlan
{
    private readonly string _root;
    private readonly List<MountStep> _steps = [];
    private readonly HashSet<string> _opened = [];
    private readonly HashSet<string> _made = [];
    private readonly Dictionary<string, string> _volumes = [];

    private RootPlan(string root) => _root = root;

    /// <param name="root">An existing empty directory of the host on which the root is built.</param>
    /// <param name="mounts">The container's volumes.</param>
    public static IReadOnlyList<MountStep> Make(string root, IEnumerable<VolumeMount> mounts)
    {
        var plan = new RootPlan(root);
        plan._steps.Add(new MountStep.Tmpfs(root, UnixFile.Mode("/")));
        plan.Show("/");
        plan._opened.Add("/");
        IEnumerable<VolumeMount> ordered = mounts
            .Select(static mount => mount with { MountPath = Resolve(mount.MountPath) })
            .OrderBy(static mount => mount.MountPath.Count(static letter => letter == '/'))
            .ThenBy(static mount => mount.MountPath, StringComparer.Ordinal);
        foreach (VolumeMount mount in ordered)
        {
            plan.Add(mount);
        }

        return plan._steps;
    }

    private void Add(VolumeMount mount)
    {
        string target = mount.MountPath;
        bool directory = Directory.Exists(mount.HostPath);
        if (Volume(target) is { } inside)
        {
            // Below another volume, whose directory is ours to write in, as a container runtime does.
            string host = inside.Host + target[inside.Path.Length..];
            if (directory)
            {
                Directory.CreateDirectory(host);
            }
            else if (!File.Exists(host))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(host)!);
                File.WriteAllBytes(host, []);
            }
        }
        else
        {
            MakeTarget(target, directory);
        }

        _steps.Add(new MountStep.Bind(mount.HostPath, _root + target, mount.ReadOnly));
        _volumes[target] = mount.HostPath;
    }

    private (string Path, string Host)? Volume(string target)
    {
        for (string? parent = Path.GetDirectoryName(target); parent is not null; parent = Path.GetDirectoryName(parent))
        {
            if (_volumes.TryGetValue(parent, out string? host))
            {
                return (parent == "/" ? "" : parent, host);
            }
        }

        return null;
    }

    private void MakeTarget(string target, bool directory)
    {
        if (Exists(target))
        {
            if (Directory.Exists(target) != directory && !_made.Contains(target))
            {
                throw new ContainerStartException($"mount path {target} is {(directory ? "a file" : "a directory")} on this machine, the volume is not");
            }

            return;
        }

        var missing = new Stack<string>();
        string parent = target;
        while (!Exists(parent))
        {
            missing.Push(parent);
            parent = Path.GetDirectoryName(parent)!;
        }

        Open(parent);
        while (missing.TryPop(out string? path))
        {
            _steps.Add(directory || missing.Count > 0 ? new MountStep.Directory(_root + path) : new MountStep.File(_root + path));
            _made.Add(path);
        }
    }

    private bool Exists(string path) => path == "/" || _made.Contains(path) || Path.Exists(path);

    /// <summary>Replaces a directory of the host by a tmpfs showing the same entries, once.</summary>
    private void Open(string path)
    {
        if (_made.Contains(path) || !_opened.Add(path))
        {
            return;
        }

        _steps.Add(new MountStep.Tmpfs(_root + path, UnixFile.Mode(path)));
        Show(path);
    }

    private void Show(string folder)
    {
        foreach (FileSystemInfo entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().OrderBy(static entry => entry.Name, StringComparer.Ordinal))
        {
            string at = _root + entry.FullName;
            if (entry.LinkTarget is { } link)
            {
                _steps.Add(new MountStep.Link(at, link));
            }
            else if (entry.FullName != _root)
            {
                _steps.Add(entry is DirectoryInfo ? new MountStep.Directory(at) : new MountStep.File(at));
                _steps.Add(new MountStep.Bind(entry.FullName, at, ReadOnly: false, Optional: true));
            }
        }
    }

    /// <summary>Follows the host's symbolic links (<c>/var/run</c>), as the target of a mount must be the place itself.</summary>
    private static string Resolve(string path)
    {
        string at = "/";
        var steps = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        for (int links = 0; steps.TryPop(out string? step);)
        {
            if (step is "." or "..")
            {
                at = step == ".." ? Path.GetDirectoryName(at) ?? "/" : at;
                continue;
            }

            string next = Path.Combine(at, step);
            if (new FileInfo(next).LinkTarget is { } link)
            {
                if (++links > 40)
                {
                    throw new ContainerStartException($"mount path {path} runs through too many symbolic links");
                }

                at = link.StartsWith('/') ? "/" : at;
                foreach (string part in link.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                {
                    steps.Push(part);
                }

                continue;
            }

            at = next;
        }

        return at != "/" ? at : throw new ContainerStartException($"mount path {path} is the root itself, which no volume can be");
    }
}
