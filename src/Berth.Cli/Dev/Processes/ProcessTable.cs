using System.Globalization;

namespace Berth.Cli.Dev.Processes;

/// <summary>What /proc says about a process.</summary>
internal readonly record struct ProcessEntry(int Parent, bool IsZombie, ulong Started);

/// <summary>Reads /proc.</summary>
internal static class ProcessTable
{
    /// <summary>The entry of a process; null when it is gone.</summary>
    public static ProcessEntry? Read(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            // The second field is the command's name in brackets and may hold anything.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new(int.Parse(fields[1], CultureInfo.InvariantCulture), fields[0] is "Z" or "X", ulong.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Every living process below the given ones, they included.</summary>
    public static IReadOnlyList<ProcessIdentity> WithDescendants(IEnumerable<ProcessIdentity> roots)
    {
        var children = All().ToLookup(p => p.Entry.Parent, p => new ProcessIdentity(p.Pid, p.Entry.Started));
        var found = new HashSet<ProcessIdentity>(roots.Where(r => r.IsAlive));
        var open = new Stack<ProcessIdentity>(found);
        while (open.TryPop(out var parent))
            foreach (var child in children[parent.Pid])
                if (found.Add(child)) open.Push(child);
        return found.ToList();
    }

    /// <summary>Children of a process, ended ones included.</summary>
    public static IEnumerable<(int Pid, ProcessEntry Entry)> Children(int parent) => All().Where(p => p.Entry.Parent == parent);

    /// <summary>Every process there is.</summary>
    public static IReadOnlyList<(int Pid, ProcessEntry Entry)> All() => Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out var pid) ? pid : 0)
        .Where(pid => pid > 0)
        .Select(pid => (Pid: pid, Entry: Read(pid)))
        .Where(p => p.Entry is not null)
        .Select(p => (p.Pid, p.Entry!.Value))
        .ToList();
}
