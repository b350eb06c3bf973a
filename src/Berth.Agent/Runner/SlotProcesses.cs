using System.Diagnostics;
using System.Globalization;

namespace Berth.Agent.Runner;

/// <summary>
/// Every process of the slot but the runner. As first process of a PID namespace that is all there are; otherwise (a developer's
/// machine) the runner is a subreaper and these are its descendants, so that nothing else is ever touched.
/// </summary>
internal sealed class SlotProcesses
{
    /// <summary>Inode of the machine's first PID namespace (PROC_PID_INIT_INO).</summary>
    private const string MachinesNamespace = "pid:[4026531836]";

    private const int PidFdOpen = 434;
    private const int PidFdSendSignal = 424;

    private readonly int _self = Native.GetPid();

    public SlotProcesses()
    {
        OwnsNamespace = _self == 1 && File.ResolveLinkTarget("/proc/self/ns/pid", false)?.Name != MachinesNamespace;
        if (!OwnsNamespace) _ = Native.Prctl(Native.SetChildSubreaper, 1);
    }

    /// <summary>Whether everything in this PID namespace is the slot's.</summary>
    public bool OwnsNamespace { get; }

    /// <summary>
    /// TERM to the processes directly below the runner that have not had it yet. What those leave behind comes to the runner and
    /// gets it next; so a program that shuts its own helpers down in order is not overtaken.
    /// </summary>
    public void TermTop(HashSet<int> had)
    {
        foreach (var (pid, parent) in Table())
        {
            if (parent == _self && had.Add(pid)) _ = Native.Kill(pid, Native.SigTerm);
        }
    }

    /// <summary>Whether nothing but the runner is left. A process that is dead and not yet reaped counts as left.</summary>
    public bool Empty() => OwnsNamespace
        ? Native.Kill(-1, 0) < 0 && Native.LastError == Native.NoSuchProcess
        : Descendants().Count == 0;

    /// <summary>Kills until nothing is left; false if the kernel does not let go within the limit.</summary>
    public bool KillAll(TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        for (var round = 0; ; round++)
        {
            if (OwnsNamespace)
            {
                if (Native.Kill(-1, Native.SigKill) < 0 && Native.LastError == Native.NoSuchProcess) return true;
            }
            else
            {
                var alive = Descendants();
                if (alive.Count == 0) return true;
                // Stopped first: a tree that forks faster than it is walked stands still before it is cut.
                foreach (var pid in alive) Signal(pid, Native.SigStop);
                foreach (var pid in Descendants()) Signal(pid, Native.SigKill);
            }
            if (Stopwatch.GetElapsedTime(since) > limit) return false;
            Thread.Sleep(Math.Min(1 + round, 20)); // the reaper thread collects what died; the loop asks again
        }
    }

    private void Signal(int pid, int signal)
    {
        var handle = (int)Native.Syscall(PidFdOpen, pid, 0, 0, 0);
        if (handle < 0) return; // gone between the walk and now
        try
        {
            // The number may have been given to another process since the walk: ours are found again below the runner.
            if (Descendants().Contains(pid)) _ = Native.Syscall(PidFdSendSignal, handle, signal, 0, 0);
        }
        finally
        {
            _ = Native.Close(handle);
        }
    }

    private HashSet<int> Descendants()
    {
        var children = Table().ToLookup(p => p.Parent, p => p.Pid);
        var found = new HashSet<int>();
        var queue = new Queue<int>([_self]);
        while (queue.TryDequeue(out var parent))
        {
            foreach (var pid in children[parent])
            {
                if (found.Add(pid)) queue.Enqueue(pid);
            }
        }
        return found;
    }

    private static List<(int Pid, int Parent)> Table()
    {
        var table = new List<(int, int)>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            if (ParentOf(pid) is { } parent) table.Add((pid, parent));
        }
        return table;
    }

    private static int? ParentOf(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
        }
        catch (IOException)
        {
            return null; // ended while we looked
        }
        catch (UnauthorizedAccessException)
        {
            return null; // hidden from us, so not ours
        }
        // The name in parentheses may hold anything; the fields after the last one may not.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 1 && int.TryParse(fields[1], CultureInfo.InvariantCulture, out var parent) ? parent : null;
    }
}
