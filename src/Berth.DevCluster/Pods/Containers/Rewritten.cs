namespace Berth.DevCluster.Pods.Containers;

/// <summary>Without namespaces, a container sees its volumes where they are on the host.</summary>
internal static class Rewritten
{
    private const string Prefix = "BERTH_";

    public static ContainerCommand For(ContainerCommand command) => command with
    {
        Arguments = [.. command.Arguments.Select(argument => Host(argument, command.Mounts))],
        Environment = [.. command.Environment.Select(entry => Entry(entry, command.Mounts))],
        WorkingDirectory = Host(command.WorkingDirectory, command.Mounts),
    };

    private static string Entry(string entry, IReadOnlyList<VolumeMount> mounts)
    {
        int equals = entry.IndexOf('=', StringComparison.Ordinal);
        return entry.StartsWith(Prefix, StringComparison.Ordinal) ? entry[..(equals + 1)] + Host(entry[(equals + 1)..], mounts) : entry;
    }

    private static string Host(string value, IReadOnlyList<VolumeMount> mounts)
    {
        foreach (VolumeMount mount in mounts.OrderByDescending(static mount => mount.MountPath.Length))
        {
            string path = mount.MountPath.TrimEnd('/');
            if (value == path || value.StartsWith(path + "/", StringComparison.Ordinal))
            {
                return mount.HostPath + value[path.Length..];
            }
        }

        return value;
    }
}
