namespace Berth.DevCluster.Pods.Containers;

/// <summary>One step in building a container's private root; paths are the host's.</summary>
internal abstract record MountStep
{
    /// <summary>An empty file system on top of an existing directory.</summary>
    public sealed record Tmpfs(string Path, UnixFileMode Mode) : MountStep;

    public sealed record Directory(string Path) : MountStep;

    public sealed record File(string Path) : MountStep;

    public sealed record Link(string Path, string Target) : MountStep;

    /// <summary>
    /// Shows <paramref name="Source"/> and what is mounted under it at an existing path of the same kind. An optional one
    /// may have vanished since it was planned (an entry of the host's <c>/tmp</c>).
    /// </summary>
    public sealed record Bind(string Source, string Path, bool ReadOnly, bool Optional = false) : MountStep;
}

/// <summary>A volume at its place in a container.</summary>
internal sealed record VolumeMount(string HostPath, string MountPath, bool ReadOnly);
