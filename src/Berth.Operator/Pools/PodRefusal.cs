using Berth.Api;
using Berth.Core.Tasks;
using Berth.Kubernetes;

namespace Berth.Operator.Pools;

/// <summary>What the API server's refusal of a pod means, and what to do about it.</summary>
internal static class PodRefusal
{
    /// <summary>Explains a refusal that may pass by itself or by somebody else's doing.</summary>
    public static Fault Explain(KubernetesException refusal)
    {
        var text = refusal.Status.Message ?? "no reason was given";
        if (text.Contains("exceeded quota", StringComparison.OrdinalIgnoreCase)) return new Fault(Reasons.QuotaExceeded, $"a quota leaves no room for another pod: {text}; raise the quota, or ask for less in the pool's template");
        if (text.Contains("serviceaccount", StringComparison.OrdinalIgnoreCase) && text.Contains("not found", StringComparison.OrdinalIgnoreCase)) return new Fault(Reasons.MissingPermission, $"the pod's service account does not exist: {text}; create it, or correct the pool's template");
        if (text.Contains("cannot create resource", StringComparison.OrdinalIgnoreCase)) return new Fault(Reasons.MissingPermission, $"the operator may not create pods: {text}; see the Role that the chart installs");
        return new Fault(Reasons.PodRefused, $"the API server refuses the pod: {text}");
    }
}
