using System.Collections.Concurrent;
using System.Threading.Channels;
using Berth.Api;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;

namespace Berth.Operator.History;

/// <summary>Finds out whether the database holds everything a plan needs. Asked only once the agent says that it has uploaded all of it.</summary>
internal sealed class PlanStore(HistoryStore store, AgentRegistry agents, HistoryCondition health, ILogger<PlanStore> log)
{
    private readonly ConcurrentDictionary<string, bool> _stored = new(StringComparer.Ordinal);
    private readonly Channel<TaskResource> _questions = Channel.CreateBounded<TaskResource>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Raised with the key of a task whose plan turned out to be stored.</summary>
    public event Action<ObjectKey>? Stored;

    /// <summary>True if the plan of this attempt is known to be stored; null if not known.</summary>
    public bool? IsStored(string planAttempt) => _stored.TryGetValue(planAttempt, out var stored) && stored ? true : null;

    /// <summary>Asks the database, if the agent has uploaded. Dropping the question is harmless: every pass of the task asks again.</summary>
    public void Check(TaskResource task)
    {
        if (task.Status.Plan is not { Stored: false } plan || task.Status.Slot is not { } slot) return;
        if (agents.Facts(slot.PodUid)?.Attempts.GetValueOrDefault(plan.Attempt) is { Uploaded: false }) return;
        _questions.Writer.TryWrite(task);
    }

    /// <summary>Forgets a plan.</summary>
    public void Forget(string planAttempt) => _stored.TryRemove(planAttempt, out _);

    /// <summary>Answers questions until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var task in _questions.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await AnswerAsync(task, cancellationToken);
            }
            catch (HistoryUnavailableException e)
            {
                health.Failed(HistoryUse.Probe, e);
                log.LogDebug("Whether the plan of {Task} is stored cannot be told now: {Message}", task.Metadata.Name, e.Message);
            }
        }
    }

    private async Task AnswerAsync(TaskResource task, CancellationToken cancellationToken)
    {
        var plan = task.Status.Plan!;
        if (_stored.ContainsKey(plan.Attempt)) return;
        var needed = (plan.Artifacts ?? []).Select(a => a.Digest).Concat(plan.TextDigest is { } text ? [text] : []).Distinct(StringComparer.Ordinal).ToList();
        var there = await store.HasArtifactsAsync(needed, cancellationToken);
        if (!needed.All(there.Contains)) return;
        _stored[plan.Attempt] = true;
        Stored?.Invoke(task.Metadata.Key());
    }
}
