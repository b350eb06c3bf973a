using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Placement;

/// <summary>Keeps count against the caps while slots are given away.</summary>
internal sealed class CapBook(IReadOnlyList<TaskCap> caps)
{
    private readonly Entry[] _entries = [.. caps.Select(c => new Entry(c))];

    /// <summary>Why a task of this workspace may not take a slot; null if it may.</summary>
    public WaitCause? Refusal(string workspace)
    {
        foreach (var entry in _entries)
            if (entry.Refusal(workspace) is { } cause) return cause;
        return null;
    }

    /// <summary>Whether a slot that somebody else gives up may let a task of this workspace in. A cap on its workspace, or one that lets nobody in, stays full whoever leaves.</summary>
    public bool LeavingHelps(string workspace) => Array.TrueForAll(_entries, e => e.LeavingHelps(workspace));

    /// <summary>A task of this workspace took a slot.</summary>
    public void Take(string workspace)
    {
        foreach (var entry in _entries) entry.Take(workspace);
    }

    private sealed class Entry(TaskCap cap)
    {
        private readonly Dictionary<string, int> _byWorkspace = new(cap.HeldByWorkspace, StringComparer.Ordinal);
        private readonly WaitCause _full = new(Reasons.LimitReached, $"{cap.Scope} lets {cap.Tasks} tasks hold slots at once, and that many do; begins when one of them gives its slot up");
        private int _held = cap.Held;

        public WaitCause? Refusal(string workspace)
        {
            if (cap.Tasks is { } most && _held >= most) return _full;
            return cap.TasksPerWorkspace is { } each && _byWorkspace.GetValueOrDefault(workspace) >= each
                ? new WaitCause(Reasons.LimitReached, $"{cap.Scope} lets {each} tasks of one workspace hold slots at once, and that many of {workspace} do; begins when one of them gives its slot up")
                : null;
        }

        public bool LeavingHelps(string workspace) => cap.Tasks is not 0 && !(_byWorkspace.GetValueOrDefault(workspace) >= cap.TasksPerWorkspace);

        public void Take(string workspace)
        {
            _held++;
            _byWorkspace[workspace] = _byWorkspace.GetValueOrDefault(workspace) + 1;
        }
    }
}
