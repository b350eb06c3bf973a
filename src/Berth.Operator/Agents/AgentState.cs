using Berth.Api;
using Berth.Core.Fencing;
using Berth.Operator.Gateway;
using Berth.Protocol;

namespace Berth.Operator.Agents;

/// <summary>What one agent told this replica, kept as immutable facts that are replaced with each frame.</summary>
internal sealed class AgentState
{
    private const int MostSlots = 256;
    private readonly Dictionary<string, AgentAttempt> _attempts = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AgentSlot> _slots = [];
    private string? _unavailable;
    private bool _draining;
    private readonly HashSet<string> _outputPending = new(StringComparer.Ordinal);

    /// <summary>The connection, while there is one.</summary>
    public AgentSession? Session { get; set; }

    /// <summary>Since when it has been silent; null while connected.</summary>
    public DateTimeOffset? SilentSince { get; set; }

    /// <summary>The facts as of now.</summary>
    public AgentFacts Facts { get; private set; } = new();

    /// <summary>Whether results, artifacts or output are kept by the agent that are not written yet.</summary>
    public bool HoldsUnwritten => _outputPending.Count > 0 || _attempts.Values.Any(a => a.MayRun || a.End is not null);

    /// <summary>Takes an inventory: it replaces everything known before.</summary>
    public void Take(Inventory inventory, DateTimeOffset now)
    {
        // All or nothing: what no agent of ours writes must not leave half of it behind.
        if (inventory.Slots.Contains(null!) || inventory.Attempts.Contains(null!)) throw new InvalidDataException("the inventory has empty entries");
        var before = new Dictionary<string, AgentAttempt>(_attempts, StringComparer.Ordinal);
        var refused = _attempts.Values.Where(a => a.Refused is not null).ToList();
        _attempts.Clear();
        _slots.Clear();
        foreach (var kept in refused) _attempts[kept.Id] = kept;
        foreach (var slot in inventory.Slots.Take(MostSlots)) _slots[slot.Index] = new AgentSlot(slot.Index, slot.Ready, slot.RunnerBoot, slot.Attempt, slot.Directory, slot.DirectoryTask);
        foreach (var attempt in inventory.Attempts.Take(GatewayLimits.AttemptsPerAgent - _attempts.Count)) _attempts[attempt.Attempt] = Known(attempt, before.GetValueOrDefault(attempt.Attempt), now);
        _outputPending.Clear();
        _outputPending.UnionWith(inventory.Attempts.Take(GatewayLimits.AttemptsPerAgent).Where(a => a.UnacknowledgedOutput > 0).Select(a => a.Attempt));
        _unavailable = inventory.Unavailable;
        _draining = inventory.Draining;
        Publish();
    }

    /// <summary>Takes one report about one attempt.</summary>
    public void Take(string attempt, Func<AgentAttempt, AgentAttempt> change)
    {
        if (_attempts.Count >= GatewayLimits.AttemptsPerAgent && !_attempts.ContainsKey(attempt)) return;
        _attempts[attempt] = change(_attempts.GetValueOrDefault(attempt) ?? new AgentAttempt { Id = attempt, MayRun = true });
        Publish();
    }

    /// <summary>All output of an attempt is in the database. True if it was thought to be pending.</summary>
    public bool OutputStored(string attempt) => _outputPending.Remove(attempt);

    /// <summary>An acknowledged attempt needs no more attention.</summary>
    public void Forget(string attempt)
    {
        if (_attempts.Remove(attempt)) Publish();
    }

    /// <summary>Renews the published facts after a change of connection.</summary>
    public void Publish() => Facts = new AgentFacts
    {
        Connected = Session is not null,
        SilentSince = SilentSince,
        Unavailable = _draining ? "the pod is ending" : _unavailable,
        Slots = new Dictionary<int, AgentSlot>(_slots),
        Attempts = new Dictionary<string, AgentAttempt>(_attempts, StringComparer.Ordinal),
    };

    /// <summary>Notes what a slot holds after an order, until the next inventory says it itself.</summary>
    public void Occupy(int slot, string? attempt, string? directory, string? task)
    {
        if (!_slots.TryGetValue(slot, out var known)) return;
        _slots[slot] = known with { Attempt = attempt, Directory = directory, DirectoryTask = task };
        Publish();
    }

    // The end of an attempt is final: what is known of it stays.
    private static AgentAttempt Known(AttemptInventory attempt, AgentAttempt? before, DateTimeOffset now) => new()
    {
        Id = attempt.Attempt,
        MayRun = attempt.MayRun,
        StartedAt = attempt.StartedAt,
        LastOutputAt = attempt.LastOutputAt,
        Uploaded = attempt.Uploaded || before is { Uploaded: true },
        End = attempt.Result is { } result ? before?.End ?? Translate(result) : null,
        EndKnownAt = attempt.Result is null ? null : before?.EndKnownAt ?? now,
    };

    /// <summary>A result as the deciders see it.</summary>
    public static AttemptEnd Translate(AttemptResult result) => new()
    {
        Kind = Enum.IsDefined(result.Outcome) ? Enum.Parse<EndKind>(result.Outcome.ToString()) : EndKind.Failed,
        ExitCode = result.ExitCode,
        Message = result.Message,
        At = result.EndedAt,
        // An attempt that started nothing has used nothing that could be told.
        CpuMilliseconds = result.StartedAt is null ? null : Math.Max(0, result.CpuMilliseconds),
        MaxMemoryKiB = result.MaxRssKiB > 0 ? result.MaxRssKiB : null,
        Plan = result.Plan is not { } plan ? null : new PlanStatus
        {
            Counts = plan.Counts,
            TextDigest = plan.TextDigest,
            SemanticDigest = plan.SemanticDigest,
            Artifacts = plan.Artifacts.Count == 0 ? null : plan.Artifacts,
            ToolVersions = plan.ToolVersions,
        },
        // Names are of a closed set: nobody else writes into a trace.
        Stages = [.. (result.Stages ?? []).Where(s => s is not null && AttemptStages.All.Contains(s.Name)).Take(AttemptStages.All.Count).Select(s => new AttemptStage(s.Name, s.Since, s.Until))],
    };
}
