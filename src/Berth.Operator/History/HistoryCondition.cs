using Berth.Api;
using Berth.History;

namespace Berth.Operator.History;

/// <summary>What the database is used for. Each use is well or ill by itself: a full disk still answers, a locked table still takes output.</summary>
internal enum HistoryUse
{
    /// <summary>It answers, takes writes and has the right schema: asked every few seconds by every replica.</summary>
    Probe,

    /// <summary>The schema is brought up to date.</summary>
    Migration,

    /// <summary>Transitions, attempts, approvals and audit are written.</summary>
    Records,

    /// <summary>Output is written.</summary>
    Output,

    /// <summary>Partitions are made and what is too old is removed.</summary>
    Upkeep,
}

/// <summary>Why the database is of no use now, and since when.</summary>
internal sealed record HistoryTrouble(HistoryUse Use, HistoryUnavailableReason Reason, string Message, DateTimeOffset Since);

/// <summary>Whether the database takes what it is given; says each change once.</summary>
internal sealed class HistoryCondition(TimeProvider time, ILogger<HistoryCondition> log)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<HistoryUse, HistoryTrouble> _troubles = [];
    private DateTimeOffset? _since;
    private volatile bool _migrated;

    /// <summary>Raised, outside the lock, when trouble begins, changes its reason, or ends.</summary>
    public event Action? Changed;

    /// <summary>What is wrong; null if nothing.</summary>
    public HistoryTrouble? Trouble
    {
        get { lock (_lock) return First(); }
    }

    /// <summary>Whether this replica has found the schema up to date, or brought it there.</summary>
    public bool IsMigrated => _migrated;

    /// <summary>A use succeeded.</summary>
    public void Succeeded(HistoryUse use)
    {
        if (use == HistoryUse.Migration) _migrated = true;
        lock (_lock)
        {
            var before = First();
            if (!_troubles.Remove(use)) return;
            if (_troubles.Count == 0)
            {
                log.LogInformation("History can be written again, after {Duration}", Durations.Describe(time.GetUtcNow() - _since!.Value));
                _since = null;
            }
            if (before?.Reason == First()?.Reason) return;
        }
        Changed?.Invoke();
    }

    /// <summary>A use failed; tasks go on without.</summary>
    public void Failed(HistoryUse use, HistoryUnavailableException error)
    {
        lock (_lock)
        {
            var before = First();
            _since ??= time.GetUtcNow();
            if (_troubles.GetValueOrDefault(use)?.Message == error.Message) return;
            _troubles[use] = new HistoryTrouble(use, error.Reason, error.Message, _since.Value);
            if (before?.Reason == First()?.Reason) return;
            log.LogError("{Reason}: {Cause}: {Message} Running work goes on; transitions wait in the tasks' statuses", Reasons.HistoryDegraded, error.Reason, error.Message);
        }
        Changed?.Invoke();
    }

    private HistoryTrouble? First() => _troubles.Count == 0 ? null : _troubles.Values.First();
}
