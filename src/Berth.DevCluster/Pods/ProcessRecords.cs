using System.Globalization;
using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Pods;

/// <summary>A container run that was begun, as a later pod runner finds it.</summary>
internal sealed record ProcessRecord(string PodUid, string Container, string ContainerId, int Pid, long StartTicks, DateTimeOffset StartedAt);

/// <summary>
/// Remembers on disk which processes belong to which container, so that a pod runner that was killed leaves nothing
/// running for ever and its successor reports those containers as ended, truthfully: after it has ended them.
/// </summary>
internal sealed class ProcessRecords
{
    private readonly string _folder;

    public ProcessRecords(string folder) => Directory.CreateDirectory(_folder = folder);

    public void Write(ProcessRecord record) => File.WriteAllLines(PathOf(record.ContainerId),
    [
        record.PodUid, record.Container, record.ContainerId, record.Pid.ToString(CultureInfo.InvariantCulture),
        record.StartTicks.ToString(CultureInfo.InvariantCulture), record.StartedAt.ToString("O", CultureInfo.InvariantCulture),
    ]);

    public void Remove(string containerId) => File.Delete(PathOf(containerId));

    /// <summary>Ends what a former runner left behind and forgets it; returns the container ids that are now certainly dead.</summary>
    public async Task<HashSet<string>> EndLeftOversAsync(Action<string> report)
    {
        var ended = new HashSet<string>();
        foreach (string file in Directory.EnumerateFiles(_folder))
        {
            string[] lines = await File.ReadAllLinesAsync(file);
            if (lines.Length < 6)
            {
                continue; // Its writer was killed in the middle; the start it would have recorded is found by nobody.
            }

            int pid = int.Parse(lines[3], CultureInfo.InvariantCulture);
            long ticks = long.Parse(lines[4], CultureInfo.InvariantCulture);
            await EndAsync(pid, ticks, lines[2]);
            report($"ended container {lines[1]} of pod {lines[0]}, left over from a former pod runner");
            ended.Add(lines[2]);
            File.Delete(file);
        }

        return ended;
    }

    private static async Task EndAsync(int pid, long ticks, string containerId)
    {
        DateTimeOffset limit = DateTimeOffset.UtcNow.AddSeconds(20);
        while (DateTimeOffset.UtcNow < limit)
        {
            bool alive = ProcessTree.IsAlive(pid, ticks);
            List<int> rest = [.. ProcessTree.Marked(containerId)];
            if (!alive && rest.Count == 0)
            {
                return;
            }

            // In a user namespace the recorded process is only the parent of the container's first.
            foreach (int victim in alive ? [.. ProcessTree.Children(pid), pid, .. rest] : rest)
            {
                _ = Native.kill(victim, Native.SignalKill);
            }

            await Task.Delay(20);
        }

        throw new TimeoutException($"process {pid} of container {containerId} does not end; it may be stuck in the kernel");
    }

    private string PathOf(string containerId) => Path.Combine(_folder, containerId);
}
