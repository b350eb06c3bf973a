namespace Berth.Core.Placement;

/// <summary>A newer task that asks for it discards older work of its workspace that nobody has approved.</summary>
internal static class Superseding
{
    /// <summary>Uid of each task that is discarded, to the name of the task that takes its place: the newest that asks.</summary>
    public static Dictionary<string, string> Find(WaitingTask[] waiting, IReadOnlyDictionary<string, WorkspaceHolder> holders)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!waiting.Any(static t => t.Supersedes)) return found;
        var newest = new Dictionary<string, WaitingTask>(StringComparer.Ordinal);
        foreach (var task in waiting)
            if (task.Supersedes && (!newest.TryGetValue(task.Workspace, out var known) || IsNewer(task, known.QueuedAt, known.Uid))) newest[task.Workspace] = task;
        foreach (var task in waiting)
            if (task.Discardable && newest.TryGetValue(task.Workspace, out var by) && IsNewer(by, task.QueuedAt, task.Uid)) found[task.Uid] = by.Name;
        foreach (var (workspace, by) in newest)
            if (holders.TryGetValue(workspace, out var holder) && holder.Discardable && IsNewer(by, holder.QueuedAt, holder.Uid)) found[holder.Uid] = by.Name;
        return found;
    }

    private static bool IsNewer(WaitingTask task, DateTimeOffset than, string uid) =>
        task.QueuedAt != than ? task.QueuedAt > than : string.CompareOrdinal(task.Uid, uid) > 0;
}
