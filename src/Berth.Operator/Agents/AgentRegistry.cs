using System.Collections.Concurrent;
using Berth.Core.Fencing;
using Berth.Operator.Telemetry;
using Berth.Protocol;

namespace Berth.Operator.Agents;

/// <summary>All agents that spoke to this replica, by pod uid. What is here can be lost: agents tell it again.</summary>
internal sealed class AgentRegistry(OperatorMetrics metrics, TimeProvider time, ILogger<AgentRegistry> log)
{
    private readonly ConcurrentDictionary<string, AgentState> _agents = new(StringComparer.Ordinal);
    private long _connections;

    /// <summary>Raised with a pod uid, and an attempt id where one is concerned, whenever facts change.</summary>
    public event Action<string, string?>? Changed;

    /// <summary>Number of connected agents.</summary>
    public int Connected => _agents.Values.Count(a => a.Session is not null);

    /// <summary>The facts about the agent of a pod; null if it never spoke to this replica.</summary>
    public AgentFacts? Facts(string podUid) => _agents.TryGetValue(podUid, out var agent) ? agent.Facts : null;

    /// <summary>Whether the agent keeps results or output that are not written yet.</summary>
    public bool HoldsUnwritten(string podUid) => _agents.TryGetValue(podUid, out var agent) && agent.HoldsUnwritten;

    /// <summary>The connection of a pod's agent, if any.</summary>
    public AgentSession? Session(string podUid) => _agents.TryGetValue(podUid, out var agent) ? agent.Session : null;

    /// <summary>All connections.</summary>
    public IEnumerable<AgentSession> Sessions() => _agents.Values.Select(a => a.Session).OfType<AgentSession>();

    /// <summary>A number for a new connection.</summary>
    public long NextConnection() => Interlocked.Increment(ref _connections);

    /// <summary>Takes a new connection; an older one of the same pod is closed.</summary>
    public void Connect(AgentSession session, Hello hello)
    {
        var agent = _agents.GetOrAdd(session.PodUid, _ => new AgentState());
        AgentSession? old;
        lock (agent)
        {
            old = agent.Session;
            agent.Session = session;
            agent.SilentSince = null;
            agent.Take(hello.Inventory, time.GetUtcNow());
        }
        old?.Close();
        metrics.AgentConnected();
        log.LogInformation("Agent of pod {Namespace}/{Pod} connected with {Attempts} attempts in its journal", session.Namespace, session.Pod, hello.Inventory.Attempts.Count);
        Announce(session.PodUid, hello.Inventory);
    }

    /// <summary>Notes the end of a connection, unless a newer one has taken its place.</summary>
    public void Disconnect(AgentSession session)
    {
        if (!_agents.TryGetValue(session.PodUid, out var agent)) return;
        lock (agent)
        {
            if (agent.Session != session) return;
            agent.Session = null;
            agent.SilentSince = time.GetUtcNow();
            agent.Publish();
        }
        metrics.AgentLost();
        log.LogWarning("Agent of pod {Namespace}/{Pod} disconnected", session.Namespace, session.Pod);
        Changed?.Invoke(session.PodUid, null);
    }

    /// <summary>Takes a report.</summary>
    public void Take(AgentSession session, Frame frame)
    {
        if (!_agents.TryGetValue(session.PodUid, out var agent)) return;
        lock (agent)
        {
            if (agent.Session != session) return;
            switch (frame)
            {
                case Inventory inventory: agent.Take(inventory, time.GetUtcNow()); break;
                case Started started: agent.Take(started.Attempt, a => a with { MayRun = true, StartedAt = started.At }); break;
                case Refused { Reason: not RefusalReasons.AlreadySeen } refused: agent.Take(refused.Attempt, a => a with { MayRun = false, Refused = new Refusal(refused.Reason, refused.Message) }); break;
                case AttemptResult result: agent.Take(result.Attempt, a => a with { MayRun = false, End = AgentState.Translate(result), EndKnownAt = a.EndKnownAt ?? time.GetUtcNow() }); break;
                case Uploaded uploaded: agent.Take(uploaded.Attempt, a => a with { Uploaded = true }); break;
                case Output output: agent.Take(output.Attempt, a => a with { LastOutputAt = time.GetUtcNow() }); return;
                default: return;
            }
        }
        if (frame is Inventory all) Announce(session.PodUid, all);
        else Changed?.Invoke(session.PodUid, AttemptOf(frame));
    }

    /// <summary>Notes that all output of an attempt is in the database, ahead of the agent's next inventory.</summary>
    public void OutputStored(string podUid, string attempt)
    {
        if (!_agents.TryGetValue(podUid, out var agent)) return;
        bool news;
        lock (agent) news = agent.OutputStored(attempt);
        if (news) Changed?.Invoke(podUid, null);
    }

    /// <summary>Drops an attempt whose result the agent was told to forget.</summary>
    public void Forget(string podUid, string attempt)
    {
        if (_agents.TryGetValue(podUid, out var agent)) lock (agent) agent.Forget(attempt);
    }

    /// <summary>Notes what a slot holds, ahead of the agent's next inventory.</summary>
    public void Occupy(string podUid, int slot, string? attempt, string? directory, string? task)
    {
        if (_agents.TryGetValue(podUid, out var agent)) lock (agent) agent.Occupy(slot, attempt, directory, task);
    }

    /// <summary>Forgets a pod that is gone from the API and not connected.</summary>
    public void Remove(string podUid)
    {
        if (_agents.TryGetValue(podUid, out var agent) && agent.Session is null) _agents.TryRemove(podUid, out _);
    }

    /// <summary>Closes every connection, on loss of leadership.</summary>
    public void CloseAll()
    {
        foreach (var session in Sessions()) session.Close();
    }

    private void Announce(string podUid, Inventory inventory)
    {
        foreach (var attempt in inventory.Attempts) Changed?.Invoke(podUid, attempt.Attempt);
        Changed?.Invoke(podUid, null);
    }

    private static string? AttemptOf(Frame frame) => frame switch
    {
        Started f => f.Attempt,
        Refused f => f.Attempt,
        AttemptResult f => f.Attempt,
        Uploaded f => f.Attempt,
        _ => null,
    };
}
