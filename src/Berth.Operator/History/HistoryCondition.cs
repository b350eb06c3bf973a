using Berth.Api;
using Berth.History;

namespace Berth.Operator.History;

/// <summary>Whether the database takes what it is given; says each change once.</summary>
internal sealed class HistoryCondition(TimeProvider time, ILogger<HistoryCondition> log)
{
    private readonly Lock _lock = new();
    private string? _trouble;
    private DateTimeOffset _since;

    /// <summary>What is wrong; null if nothing.</summary>
    public string? Trouble
    {
        get { lock (_lock) return _trouble; }
    }

    /// <summary>Since when.</summary>
    public DateTimeOffset Since
    {
        get { lock (_lock) return _since; }
    }

    /// <summary>A write succeeded.</summary>
    public void Succeeded()
    {
        lock (_lock)
        {
            if (_trouble is null) return;
            log.LogInformation("History can be written again, after {Duration}", Durations.Describe(time.GetUtcNow() - _since));
            _trouble = null;
        }
    }

    /// <summary>A write failed; tasks go on without.</summary>
    public void Failed(HistoryUnavailableException error)
    {
        lock (_lock)
        {
            if (_trouble == error.Message) return;
            if (_trouble is null) _since = time.GetUtcNow();
            _trouble = error.Message;
            log.LogError("{Reason}: {Cause}: {Message} Running work goes on; transitions wait in the tasks' statuses", Reasons.HistoryDegraded, error.Reason, error.Message);
        }
    }
}
