using System.Globalization;
using System.Text.Json;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Xunit;

namespace Berth.Operator.Tests.Cluster;

/// <summary>A quiet task takes little room and is given back as it was; all others stay as they are.</summary>
public sealed class KeptTaskTests
{
    private readonly TaskPacker _packer = new();

    [Fact]
    public void A_packed_task_comes_back_as_it_was()
    {
        var tasks = Enumerable.Range(0, 50).Select(Finished).ToList();
        var packed = tasks.ConvertAll(t => _packer.Pack(new KeptTask(t)));
        Assert.All(packed.Zip(tasks), pair =>
        {
            Assert.NotSame(pair.Second, pair.First.Task);
            Assert.Equal(Text(pair.Second), Text(pair.First.Task));
        });
    }

    [Fact]
    public void What_is_told_of_a_packed_task_is_what_the_task_says()
    {
        var task = Finished(7);
        var packed = _packer.Pack(new KeptTask(task));
        Assert.Equal(new ObjectIdentity("ns", "task-7", "uid-7", "7"), packed.Identity);
        Assert.Equal((TaskPhase.Succeeded, "pod-7", 7, 3, true, false), (packed.Phase, packed.PastPod, packed.Epoch, packed.HistorySeq, packed.IsQuiet, packed.HasActionNote));
    }

    [Fact]
    public void One_that_is_like_no_other_comes_back_too()
    {
        _packer.Pack(new KeptTask(Finished(0)));
        var dice = new Random(1);
        var odd = Finished(1) with { Spec = Finished(1).Spec with { Workspace = string.Concat(Enumerable.Range(0, 40_000).Select(_ => (char)dice.Next(32, 0x2fff))) } };
        Assert.Equal(Text(odd), Text(_packer.Pack(new KeptTask(odd)).Task));
        Assert.Equal(Text(Finished(2)), Text(_packer.Pack(new KeptTask(Finished(2))).Task));
    }

    [Fact]
    public void The_first_may_be_larger_than_what_a_compressor_remembers()
    {
        var large = Finished(0) with { Spec = Finished(0).Spec with { Workspace = string.Concat(Enumerable.Range(0, 20_000).Select(i => i.ToString(CultureInfo.InvariantCulture))) } };
        Assert.Equal(Text(large), Text(_packer.Pack(new KeptTask(large)).Task));
        Assert.Equal(Text(Finished(1)), Text(_packer.Pack(new KeptTask(Finished(1))).Task));
    }

    public static TheoryData<string> Lively => ["held", "slot", "waits", "raised", "deleted", "stalled"];

    [Theory]
    [MemberData(nameof(Lively))]
    public void A_task_that_something_may_happen_to_stays_whole(string why)
    {
        var done = Finished(1);
        var task = why switch
        {
            "held" => done with { Metadata = done.Metadata with { Finalizers = [Names.TaskFinalizer] } },
            "slot" => done with { Status = done.Status with { Slot = new SlotStatus { Pod = "p", PodUid = "u" } } },
            "waits" => done with { Status = done.Status with { Phase = TaskPhase.ApplyPending } },
            "raised" => done with { Metadata = done.Metadata with { Generation = 2 } },
            "deleted" => done with { Metadata = done.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } },
            _ => done with { Status = done.Status with { Conditions = [new Api.Condition { Type = "Stalled", Status = ConditionStatus.True, Reason = Reasons.RetriesExhausted }] } },
        };
        var kept = new KeptTask(task);
        Assert.False(kept.IsQuiet);
        Assert.Same(kept, _packer.Pack(kept));
        Assert.Same(task, kept.Task);
    }

    [Fact]
    public void A_new_leader_looks_at_a_quiet_task_only_if_it_is_to_be_deleted_some_day()
    {
        var (done, fleeting) = (Finished(1), Finished(1) with { Spec = Finished(1).Spec with { TtlAfterFinished = "1h" } });
        Assert.False(_packer.Pack(new KeptTask(done)).NeedsLook);
        Assert.True(_packer.Pack(new KeptTask(fleeting)).NeedsLook);
        Assert.True(new KeptTask(done with { Metadata = done.Metadata with { Finalizers = [Names.TaskFinalizer] } }).NeedsLook);
    }

    [Fact]
    public void A_list_of_tasks_is_read_into_what_is_kept()
    {
        var kept = JsonSerializer.Deserialize(Text(Finished(3)), KeptTask.Resource.Json)!;
        Assert.Equal(Text(Finished(3)), JsonSerializer.Serialize(kept, KeptTask.Resource.Json));
        Assert.Equal("task-3", KeptTask.Resource.KeyOf(kept).Name);
    }

    private static string Text(TaskResource task) => JsonSerializer.Serialize(task, BerthJson.Default.TaskResource);

    private static TaskResource Finished(int i) => new()
    {
        Metadata = new ResourceMeta { Name = $"task-{i}", Namespace = "ns", Uid = $"uid-{i}", ResourceVersion = $"{i}", Generation = 1, CreationTimestamp = DateTimeOffset.UnixEpoch.AddSeconds(i) },
        Spec = new TaskSpec { Workspace = $"prod/{i}", PoolRef = new PoolReference { Name = "pool" } },
        Status = new Api.TaskStatus
        {
            Phase = TaskPhase.Succeeded,
            ObservedGeneration = 1,
            Message = $"apply {i} succeeded",
            Attempt = new AttemptStatus { Id = $"uid-{i}-2", Pod = $"pool-{i}", PodUid = $"pod-{i}", Epoch = i, EndedAt = DateTimeOffset.UnixEpoch.AddMicroseconds(i) },
            History = new OutboxStatus { Seq = 3, Acknowledged = 3 },
        },
    };
}
