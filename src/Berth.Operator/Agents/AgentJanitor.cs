using Berth.Core.Pools;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Berth.Operator.Leadership;
using Berth.Protocol;

namespace Berth.Operator.Agents;

/// <summary>Clears away what agents hold and no task wants: late results, processes without a task, directories nobody comes back to.</summary>
internal sealed class AgentJanitor(AgentRegistry agents, ClusterCache cache, Dispatcher dispatcher, LeaderState leader, ILogger<AgentJanitor> log)
{
    /// <summary>Looks at one agent, by the uid of its pod.</summary>
    public ValueTask<ReconcileResult> ReconcileAsync(string podUid, CancellationToken cancellationToken)
    {
        if (leader.Term is not { } term || agents.Facts(podUid) is not { Connected: true } facts) return ValueTask.FromResult(ReconcileResult.Done);
        foreach (var leftover in AgentCleanup.Find(podUid, facts, cache.TaskByUid))
        {
            cancellationToken.ThrowIfCancellationRequested();
            log.LogInformation("Agent of pod {Pod} holds {Leftover}, which no task wants; clearing it", podUid, leftover);
            Clear(term, podUid, leftover);
        }
        return ValueTask.FromResult(ReconcileResult.Done);
    }

    private void Clear(Term term, string podUid, Leftover leftover)
    {
        switch (leftover)
        {
            case Leftover.Result result:
                dispatcher.Send(term, podUid, new Ack { Epoch = term.Epoch, Attempt = result.Attempt }, () => agents.Forget(podUid, result.Attempt));
                break;
            case Leftover.Process process:
                dispatcher.Send(term, podUid, new Cancel { Epoch = term.Epoch, Attempt = process.Attempt, Slot = process.Slot, Reason = "no task wants it any more" });
                break;
            case Leftover.Directory directory:
                dispatcher.Send(term, podUid, new Release { Epoch = term.Epoch, Slot = directory.Slot, Directory = directory.Name }, () => agents.Occupy(podUid, directory.Slot, null, null, null));
                break;
        }
    }
}
