using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tests.Model;

/// <summary>A pod with one agent and its slots, and what is really running there, whatever the API says.</summary>
internal sealed class ModelPod(int number)
{
    public string Name { get; } = $"pod-{number}";

    public string Uid { get; } = $"uid-{number}";

    public bool Exists { get; set; } = true;

    public bool Terminal { get; set; }

    public bool MarkedByCollector { get; set; }

    public bool Deleting { get; set; }

    public bool NodeGone { get; set; }

    public bool AgentAlive { get; set; } = true;

    public bool Connected { get; set; } = true;

    public DateTimeOffset? SilentSince { get; set; }

    public long HighestEpoch { get; set; }

    public ModelSlot[] Slots { get; } = [new(), new()];

    /// <summary>The agent's journal: attempts that it accepted, refused or was told to cancel, for ever.</summary>
    public Dictionary<string, AgentAttempt> Journal { get; } = [];

    /// <summary>Ids that the agent will never start again, acknowledged or not.</summary>
    public HashSet<string> Seen { get; } = [];

    public bool Serves => Exists && !Terminal && !Deleting && !NodeGone && AgentAlive && Connected;

    public AgentFacts? Facts() => !AgentAlive && !Connected && Journal.Count == 0 ? null : new AgentFacts
    {
        Connected = Connected && AgentAlive,
        SilentSince = SilentSince,
        Slots = Slots.Select((s, i) => new AgentSlot(i, true, s.Boot, s.Attempt, s.Directory, null)).ToDictionary(s => s.Index),
        Attempts = new Dictionary<string, AgentAttempt>(Journal),
    };

    public PodFacts Read() => new()
    {
        Name = Name,
        Uid = Uid,
        Exists = Exists,
        Deleting = Deleting,
        Draining = Deleting,
        Terminal = Terminal,
        MarkedByCollector = MarkedByCollector,
        AllTerminated = Terminal && Slots.All(s => s.Attempt is null) && !AgentAlive,
        NodeExists = !NodeGone,
        NodeReady = !NodeGone,
        NodeBootId = "boot",
    };

    /// <summary>The slot's container restarts: whatever ran in it is dead, and its agent sees a later boot.</summary>
    public void RestartSlot(int index, DateTimeOffset now)
    {
        var slot = Slots[index];
        if (slot.Attempt is { } running) Journal[running] = Journal[running] with { MayRun = false, End = new AttemptEnd { Kind = EndKind.RunnerLost, At = now } };
        slot.Boot++;
        slot.Attempt = slot.Directory = null;
    }

    /// <summary>Everything in the pod dies.</summary>
    public void Die()
    {
        foreach (var slot in Slots) slot.Attempt = slot.Directory = null;
        AgentAlive = Connected = false;
    }
}

/// <summary>A slot.</summary>
internal sealed class ModelSlot
{
    public long Boot { get; set; } = 1;

    public string? Attempt { get; set; }

    public string? Directory { get; set; }
}
