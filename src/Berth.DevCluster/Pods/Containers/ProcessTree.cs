using System.Globalization;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>Finds processes in <c>/proc</c>: a container's, a process's identity over time.</summary>
internal static class ProcessTree
{
    /// <summary>
    /// Set in containers that have no PID namespace of their own, as the only trace that a process cannot lose by
    /// detaching itself.
    /// </summary>
    public const string MarkerVariable = "DEVCLUSTER_CONTAINER";

    /// <summary>When the process started, in clock ticks since boot; null when there is no such process.</summary>
    public static long? StartTicks(int pid) => Stat(pid) is { Length: > 19 } fields
        && long.TryParse(fields[19], NumberStyles.Integer, CultureInfo.InvariantCulture, out long ticks) ? ticks : null;

    /// <summary>True while that very process runs; a zombie does not.</summary>
    public static bool IsAlive(int pid, long startTicks) =>
        Stat(pid) is { Length: > 19 } fields && fields[0] is not ("Z" or "X")
        && fields[19] == startTicks.ToString(CultureInfo.InvariantCulture);

    public static int[] Children(int pid) => ReadText($"/proc/{pid}/task/{pid}/children") is { } text
        ? [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static word => int.Parse(word, CultureInfo.InvariantCulture))]
        : [];

    public static IReadOnlyList<int> Of(int first, ContainerCommand command, Isolation isolation)
    {
        if (isolation != Isolation.None && command is { OwnPidNamespace: true, JoinPid: null })
        {
            string? space = Link($"/proc/{first}/ns/pid");
            return space is null || space == Link("/proc/self/ns/pid") ? [first]
                : [first, .. All().Where(pid => pid != first && Link($"/proc/{pid}/ns/pid") == space)];
        }

        return [first, .. Marked(command).Where(pid => pid != first)];
    }

    /// <summary>Ends what a container without its own PID namespace left behind when its first process ended.</summary>
    public static void EndRest(int first, ContainerCommand command, Isolation isolation)
    {
        if (isolation == Isolation.None || command is { OwnPidNamespace: false } or { JoinPid: not null })
        {
            foreach (int pid in Marked(command).Where(pid => pid != first))
            {
                _ = Native.kill(pid, Native.SignalKill);
            }
        }
    }

    /// <summary>Processes whose environment names the container id.</summary>
    public static IEnumerable<int> Marked(string containerId)
    {
        string marker = $"{MarkerVariable}={containerId}";
        return All().Where(pid => ReadText($"/proc/{pid}/environ")?.Split('\0').Contains(marker) == true);
    }

    private static IEnumerable<int> Marked(ContainerCommand command) =>
        command.Variable(MarkerVariable) is { } id ? Marked(id) : [];

    private static IEnumerable<int> All()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
            {
                yield return pid;
            }
        }
    }

    /// <summary>The fields of <c>/proc/PID/stat</c> behind the program's name, which may contain anything.</summary>
    private static string[]? Stat(int pid) => ReadText($"/proc/{pid}/stat") is { } text
        ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended in the meantime, or is none of ours.
        }
    }
}
