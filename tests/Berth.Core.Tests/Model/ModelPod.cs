using Berth.Api;
using Berth.Core.Fencing;

namespace Berth.Core.Tests.Model;

/// <summary>A pod with one agent and its slots, and what is really running there, whatever the API says. The node's clock is its own.</summary>
internal sealed class ModelPod(int number, TimeSpan clock)
{
    private AgentFacts? _known;

    public string Name { get; } = $"pod-{number}";

    public string Uid { get; } = $"uid-{number}";

    public bool Exists { get; set; } = true;

    public bool Terminal { get; set; }

    public bool MarkedByCollector { get; set; }

    public bool Deleting { get; set; }

    public bool NodeGone { get; set; }

    public bool NodeReady { get; set; } = true;

    public bool OutOfService { get; set; }

    public int NodeBoot { get; private set; } = 1;

    public bool AgentAlive { get; set; } = true;

    public bool Connected { get; private set; } = true;

    public DateTimeOffset? SilentSince { get; private set; }

    public long HighestEpoch { get; set; }

    /// <summary>Whether the connection to the leader before still stands: what that one was about to send can arrive there.</summary>
    public bool HasOldLine { get; private set; }

    public ModelSlot[] Slots { get; } = [new(), new()];

    /// <summary>The agent's journal: attempts that it accepted, refused or was told to cancel, for ever.</summary>
    public Dictionary<string, AgentAttempt> Journal { get; } = [];

    /// <summary>Ids that the agent will never start again, acknowledged or not.</summary>
    public HashSet<string> Seen { get; } = [];

    /// <summary>When the kubelet saw each slot's container end; whole seconds, by the node's clock.</summary>
    public Dictionary<int, DateTimeOffset> Finished { get; } = [];

    public bool IsUp => Exists && !Terminal && !Deleting && !NodeGone && NodeReady;

    public bool Serves => IsUp && AgentAlive && Connected;

    /// <summary>A moment by the node's clock.</summary>
    public DateTimeOffset Time(DateTimeOffset now) => now + clock;

    /// <summary>What the leader knows of the agent: everything while it is connected, then what it was told last; nothing if it never spoke to this leader.</summary>
    public AgentFacts? Facts()
    {
        if (Connected && AgentAlive)
        {
            _known = new AgentFacts
            {
                Slots = Slots.Select((s, i) => new AgentSlot(i, true, s.Boot, s.Attempt, s.Directory, null)).ToDictionary(s => s.Index),
                Attempts = new Dictionary<string, AgentAttempt>(Journal),
            };
        }
        return _known is null ? null : _known with { Connected = Connected && AgentAlive, SilentSince = SilentSince };
    }

    /// <summary>The agent finds the leader of this epoch, and obeys no earlier one from then on.</summary>
    public void Connect(long epoch)
    {
        if (!AgentAlive || HighestEpoch > epoch) return;
        (Connected, SilentSince, HighestEpoch, HasOldLine) = (true, null, epoch, false);
    }

    public void Disconnect(DateTimeOffset leaderNow)
    {
        if (!Connected) return;
        _ = Facts();
        (Connected, SilentSince) = (false, leaderNow);
    }

    /// <summary>Another leader, to which this agent has not spoken yet.</summary>
    public void LoseLeader()
    {
        HasOldLine = Connected;
        Connected = false;
        (_known, SilentSince) = (null, null);
    }

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
        SlotFinishedAt = new Dictionary<int, DateTimeOffset>(Finished),
        Node = $"node-{number}",
        NodeExists = !NodeGone,
        NodeReady = !NodeGone && NodeReady,
        NodeBootId = $"boot-{NodeBoot}",
        NodeOutOfService = OutOfService,
    };

    /// <summary>The slot's container restarts: whatever ran in it is dead, and its agent sees a later boot.</summary>
    public void RestartSlot(int index, DateTimeOffset now)
    {
        var slot = Slots[index];
        if (slot.Attempt is { } running) Journal[running] = Journal[running] with { MayRun = false, End = new AttemptEnd { Kind = EndKind.RunnerLost, At = Time(now) } };
        slot.Boot++;
        slot.Attempt = slot.Directory = null;
        Finished[index] = DateTimeOffset.FromUnixTimeSeconds(Time(now).ToUnixTimeSeconds());
    }

    /// <summary>The node starts anew: everything that ran is dead, and containers and agent come up again.</summary>
    public void Reboot(DateTimeOffset now, DateTimeOffset leaderNow)
    {
        if (!AgentAlive) return;
        Disconnect(leaderNow);
        HasOldLine = false;
        for (var i = 0; i < Slots.Length; i++) RestartSlot(i, now);
        NodeBoot++;
    }

    /// <summary>Everything in the pod dies.</summary>
    public void Die(DateTimeOffset leaderNow)
    {
        Disconnect(leaderNow);
        foreach (var slot in Slots) slot.Attempt = slot.Directory = null;
        AgentAlive = false;
    }
}

/// <summary>A slot.</summary>
internal sealed class ModelSlot
{
    public long Boot { get; set; } = 1;

    public string? Attempt { get; set; }

    public string? Directory { get; set; }
}
