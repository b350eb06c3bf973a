using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tests.Building;

namespace Berth.Core.Tests.Pools;

/// <summary>Words for pools and their pods.</summary>
internal static class P
{
    public const string Hash = "new";

    public static PoolPod Pod(string name, Func<PoolPod, PoolPod>? with = null)
    {
        var pod = new PoolPod { Name = name, Uid = $"uid-{name}", Node = "node-1", CreatedAt = A.T0.AddHours(-1), Hash = Hash, Ready = true, Idle = 3, IdleSince = A.T0.AddHours(-1) };
        return with is null ? pod : with(pod);
    }

    public static PoolPod Busy(string name, int running = 0, int reserved = 0, Func<PoolPod, PoolPod>? with = null) =>
        Pod(name, p => (with ?? (x => x))(p with { Running = running, Reserved = reserved, ApplyCapable = running + reserved, Idle = Math.Max(0, 3 - running - reserved), IdleSince = null }));

    public static PoolPod Starting(string name) => Pod(name, p => p with { Ready = false, Idle = 0 });

    public static PoolObserved Seen(Func<AgentPoolSpec, AgentPoolSpec>? spec = null, Func<AgentPoolStatus, AgentPoolStatus>? status = null, params PoolPod[] pods)
    {
        var basis = new AgentPoolSpec { ApplySlotsPerPod = 3 };
        return new PoolObserved
        {
            Pool = new AgentPoolResource
            {
                Metadata = new ResourceMeta { Name = "pool", Namespace = "ns", Uid = "uid-pool", Generation = 1, Finalizers = [Names.PoolFinalizer] },
                Spec = spec is null ? basis : spec(basis),
                Status = status is null ? new AgentPoolStatus() : status(new AgentPoolStatus()),
            },
            Stamp = new StampedPod(new JsonObject(), Hash, null),
            Pods = pods,
            Now = A.T0,
        };
    }

    public static PoolObserved Auto(int min, int max, params PoolPod[] pods) =>
        Seen(s => s with { Autoscaling = new PoolAutoscaling { MinReplicas = min, MaxReplicas = max, IdleTimeout = "10m", ScaleDownCooldown = "30s" } }, pods: pods);

    public static Condition Ready(PoolDecision decision) => decision.Status!.Conditions.Single(c => c.Type == "Ready");
}
