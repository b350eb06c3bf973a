using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>The newest known version of each task. Who asks for one gets it whole, however it is kept.</summary>
internal sealed class TaskView(IReadOnlyDictionary<string, Func<KeptTask, IEnumerable<string>>> indexes)
{
    private readonly LatestView<KeptTask> _kept = new(KeptTask.Resource, indexes);

    /// <summary>What the informer told, once it is in the view.</summary>
    public event Action<InformerEvent<KeptTask>>? Observed
    {
        add => _kept.Observed += value;
        remove => _kept.Observed -= value;
    }

    /// <summary>Number of tasks.</summary>
    public int Count => _kept.Count;

    /// <summary>The task, or null.</summary>
    public TaskResource? Get(ObjectKey key) => _kept.Get(key)?.Task;

    /// <summary>The tasks under a value of an index.</summary>
    public IReadOnlyList<TaskResource> ByIndex(string index, string value) => [.. _kept.ByIndex(index, value).Select(k => k.Task)];

    /// <summary>Keys of the tasks under a value of an index.</summary>
    public IReadOnlyList<ObjectKey> KeysByIndex(string index, string value) => _kept.KeysByIndex(index, value);

    /// <summary>All tasks as they are kept, for what can be told without looking into each.</summary>
    public IReadOnlyList<KeptTask> Kept() => _kept.Where(_ => true);

    /// <summary>The tasks that something may happen to, or for which somebody is asked.</summary>
    public IEnumerable<TaskResource> NotQuiet() => _kept.Where(k => !k.IsQuiet).Select(k => k.Task);

    /// <inheritdoc cref="LatestView{T}.Follow" />
    public void Follow(Action<KeptTask?, KeptTask?> follower) => _kept.Follow(follower);

    /// <inheritdoc cref="LatestView{T}.Observe" />
    public void Observe(InformerEvent<KeptTask> change) => _kept.Observe(change);

    /// <inheritdoc cref="LatestView{T}.Wrote" />
    public void Wrote(TaskResource task) => _kept.Wrote(new KeptTask(task));

    /// <inheritdoc cref="LatestView{T}.Read" />
    public void Read(ObjectKey key, string? uid, TaskResource? task) => _kept.Read(key, uid, task is null ? null : new KeptTask(task));
}
