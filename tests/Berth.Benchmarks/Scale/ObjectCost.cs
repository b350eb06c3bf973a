using System.Globalization;
using System.Text;
using System.Text.Json;
using Berth.Api;
using Berth.Core.Approvals;
using Berth.Core.Tasks;
using Berth.Kubernetes;

namespace Berth.Benchmarks.Scale;

/// <summary>What one task object costs where it is held, and one pass of the decider that finds nothing to do. Bytes, which are the same on every machine.</summary>
internal static class ObjectCost
{
    private const int Copies = 5_000;

    /// <summary>Measures with tasks that a real operator brought about.</summary>
    public static void Measure(Gates gates, TaskResource finished, TaskResource waiting)
    {
        gates.AtMost("a finished task in the cache", Held(finished), 6_000, "B");
        gates.AtMost("a waiting task in the cache", Held(waiting), 8_000, "B");
        gates.AtMost("allocated by a decision about a finished task, nothing to do", Decision(finished), 6_000, "B");
        gates.AtMost("allocated by a decision about a waiting task, nothing to do", Decision(waiting), 8_000, "B");
    }

    // Each copy has a name, a uid and digests of its own, as tasks have.
    private static double Held(TaskResource model)
    {
        var text = JsonSerializer.Serialize(model, BerthJson.Default.TaskResource);
        var digest = model.Status.Plan!.Digest["sha256:".Length..];
        TaskResource Copy(int i)
        {
            var other = Digests.Of(Encoding.UTF8.GetBytes(i.ToString(CultureInfo.InvariantCulture)))["sha256:".Length..];
            return JsonSerializer.Deserialize(text.Replace(model.Metadata.Uid, Guid.NewGuid().ToString(), StringComparison.Ordinal).Replace(digest, other, StringComparison.Ordinal)
                .Replace(digest[..12], other[..12], StringComparison.Ordinal).Replace($"\"{model.Metadata.Name}\"", string.Create(CultureInfo.InvariantCulture, $"\"task-{i}\""), StringComparison.Ordinal), BerthJson.Default.TaskResource)!;
        }
        _ = Copy(0);
        var held = new TaskResource[Copies];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Copies; i++) held[i] = Copy(i);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(held);
        return (double)bytes / Copies;
    }

    private static double Decision(TaskResource task)
    {
        var seen = new TaskObserved
        {
            Task = task,
            Now = DateTimeOffset.UtcNow,
            Leader = new LeaderFacts("bench", 1, DateTimeOffset.UnixEpoch),
            Pool = new PoolFacts { Spec = new AgentPoolSpec { Replicas = 1, SlotsPerPod = 3 } },
            PlanStored = task.Status.Plan?.Stored,
            Proof = new ApprovalProof(true, DateTimeOffset.UnixEpoch, ""),
            Acknowledged = task.Status.History.Seq,
        };
        if (!ReferenceEquals(TaskDecider.Decide(seen).Status, task.Status)) throw new InvalidOperationException($"there is something to do for {task.Metadata.Name}: {TaskDecider.Decide(seen).Status.Message}");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Copies; i++) TaskDecider.Decide(seen);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Copies;
    }
}
