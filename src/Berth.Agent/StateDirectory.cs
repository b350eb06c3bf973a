namespace Berth.Agent;

/// <summary>The agent's own volume: one process at a time, and only of the pod whose uid it carries.</summary>
internal sealed class StateDirectory : IDisposable
{
    private readonly FileStream _lock;

    private StateDirectory(FileStream hold, string? problem) => (_lock, Problem) = (hold, problem);

    /// <summary>Why it may not be used.</summary>
    public string? Problem { get; }

    public static StateDirectory Take(string path, string podUid)
    {
        Directory.CreateDirectory(path);
        var hold = new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var owner = Path.Combine(path, "pod-uid");
        if (!File.Exists(owner)) Write(owner, podUid);
        var found = File.ReadAllText(owner).Trim();
        return new StateDirectory(hold, found == podUid ? null : $"{path} belongs to the pod with uid {found}; the agent of another pod must not continue its journal");
    }

    public void Dispose() => _lock.Dispose();

    private static void Write(string path, string text)
    {
        var fresh = path + ".new";
        using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(true);
        }
        File.Move(fresh, path, true);
    }
}
