using System.Collections.Concurrent;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Tests.Approvals;
using Xunit;

namespace Berth.Operator.Tests.Cluster;

/// <summary>What is woken by a change finds the change.</summary>
public sealed class ClusterCacheTests : IAsyncLifetime
{
    private ApprovalsOnCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ApprovalsOnCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_change_is_told_when_the_view_has_it()
    {
        const int tasks = 200;
        var seen = new ConcurrentDictionary<string, string?>(StringComparer.Ordinal);
        _cluster.Cache.Tasks.Observed += change => seen[change.Key.Name] = _cluster.Cache.Tasks.Get(change.Key)?.Metadata.Uid;
        var made = new ConcurrentDictionary<string, string?>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(Enumerable.Range(0, tasks), async (i, _) => made[$"t{i}"] = (await _cluster.TaskAsync($"t{i}")).Metadata.Uid);
        await ApprovalsOnCluster.UntilAsync(() => seen.Count == tasks, "every task was told");
        Assert.All(made, task => Assert.Equal(task.Value, seen[task.Key]));
    }

    [Fact]
    public async Task A_task_is_found_by_the_pod_it_is_on_and_apart_by_the_one_it_was_on()
    {
        var view = _cluster.Cache.Tasks;
        var task = await _cluster.TaskAsync("a");
        void On(TaskPhase phase, bool ended, bool slot, bool finalizer = true) => view.Wrote(task with
        {
            Metadata = task.Metadata with { ResourceVersion = (ulong.Parse(task.Metadata.ResourceVersion!, System.Globalization.CultureInfo.InvariantCulture) + ++_writes).ToString(System.Globalization.CultureInfo.InvariantCulture), Finalizers = finalizer ? [Names.TaskFinalizer] : null },
            Status = task.Status with
            {
                Phase = phase,
                Slot = slot ? new SlotStatus { Pod = "p", PodUid = "uid" } : null,
                Attempt = new AttemptStatus { Id = "a-1", Pod = "p", PodUid = "uid", EndedAt = ended ? DateTimeOffset.UnixEpoch : null },
            },
        });
        (int, int) Found() => (view.ByIndex(ClusterCache.ByPod, "uid").Count, view.ByIndex(ClusterCache.ByPastPod, "uid").Count);
        On(TaskPhase.Planning, ended: false, slot: true);
        Assert.Equal((1, 0), Found());
        On(TaskPhase.ApplyPending, ended: true, slot: true);
        Assert.Equal((1, 0), Found());
        On(TaskPhase.ApplyPending, ended: true, slot: false);
        Assert.Equal((0, 1), Found());
        On(TaskPhase.ApplyLost, ended: true, slot: false);
        Assert.Equal((1, 0), Found());
        On(TaskPhase.Succeeded, ended: true, slot: false);
        Assert.Equal((0, 1), Found());
        On(TaskPhase.Succeeded, ended: true, slot: false, finalizer: false);
        Assert.Equal((0, 1), Found());
    }

    private ulong _writes;
}
