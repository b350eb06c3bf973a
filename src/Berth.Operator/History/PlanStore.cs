using System.Collections.Concurrent;
using System.Threading.Channels;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Agents;

namespace Berth.Operator.History;

/// <summary>
/// Whether the database holds everything a plan needs. What this replica's gateway took is known at once; about the rest the database is
/// asked, once the agent says that it has uploaded all of it.
/// </summary>
internal sealed class PlanStore(HistoryStore store, AgentRegistry agents, HistoryCondition health, ILogger<PlanStore> log)
{
    private const int MostRemembered = 20_000;

    // True: the database has the plan; false: it had, and has lost it.
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, bool>> _took = new(StringComparer.Ordinal);
    private readonly Channel<Question> _questions = Channel.CreateBounded<Question>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Raised with the key of a task whose plan turned out to be stored, or not to be any more.</summary>
    public event Action<ObjectKey>? Stored;

    /// <summary>True if this plan of this attempt is known to be stored, false if it was and the database has lost it; null if not known.</summary>
    public bool? IsStored(string attempt, PlanStatus plan)
    {
        if (_known.TryGetValue(attempt, out var stored)) return stored;
        if (!_took.TryGetValue(attempt, out var took) || !PlanUploads.DigestsOf(plan).All(took.ContainsKey)) return null;
        _known[attempt] = true;
        _took.TryRemove(attempt, out _);
        return true;
    }

    /// <summary>Whether the database is known to have lost this plan.</summary>
    public bool IsLost(string attempt) => _known.TryGetValue(attempt, out var stored) && !stored;

    /// <summary>The database was lost or went back in time, and this plan's bytes with it. A restore may bring them back.</summary>
    public void Lost(ObjectKey task, string attempt)
    {
        _took.TryRemove(attempt, out _);
        if (IsLost(attempt)) return;
        _known[attempt] = false;
        Stored?.Invoke(task);
    }

    /// <summary>The gateway has put an artifact of an attempt into the database.</summary>
    public void Took(string attempt, string digest)
    {
        // Forgetting costs a question to the database.
        if (_took.Count > MostRemembered) _took.Clear();
        if (!_known.GetValueOrDefault(attempt)) _took.GetOrAdd(attempt, static _ => new(StringComparer.Ordinal))[digest] = true;
    }

    /// <summary>Asks the database, if the agent has uploaded. Dropping the question is harmless: every pass of the task asks again.</summary>
    public void Check(ObjectKey task, TaskAction.CheckPlanStored check)
    {
        if (agents.Facts(check.PodUid)?.Attempts.GetValueOrDefault(check.Attempt) is { Uploaded: false }) return;
        _questions.Writer.TryWrite(new Question(task, check.Attempt, check.Plan));
    }

    /// <summary>Forgets a plan.</summary>
    public void Forget(string attempt)
    {
        _known.TryRemove(attempt, out _);
        _took.TryRemove(attempt, out _);
    }

    /// <summary>Answers questions until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var question in _questions.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await AnswerAsync(question, cancellationToken);
            }
            catch (HistoryUnavailableException e)
            {
                health.Failed(HistoryUse.Probe, e);
                log.LogDebug("Whether the plan of {Task} is stored cannot be told now: {Message}", question.Task, e.Message);
            }
        }
    }

    private async Task AnswerAsync(Question question, CancellationToken cancellationToken)
    {
        if (_known.GetValueOrDefault(question.Attempt)) return;
        var needed = PlanUploads.DigestsOf(question.Plan);
        var there = await store.HasArtifactsAsync([.. needed], cancellationToken);
        if (!needed.All(there.Contains)) return;
        _known[question.Attempt] = true;
        Stored?.Invoke(question.Task);
    }

    private sealed record Question(ObjectKey Task, string Attempt, PlanStatus Plan);
}
