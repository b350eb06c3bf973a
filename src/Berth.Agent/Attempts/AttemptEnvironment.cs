using System.Globalization;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Attempts;

/// <summary>What every command of an attempt finds in its environment, on top of the container's own.</summary>
internal static class AttemptEnvironment
{
    public static Dictionary<string, string> Of(Assign order, string? checkpoint)
    {
        var env = new Dictionary<string, string>(order.Env ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            ["BERTH_TASK"] = order.Task,
            ["BERTH_NAMESPACE"] = order.Namespace,
            ["BERTH_TASK_UID"] = order.TaskUid,
            ["BERTH_RUN"] = order.Run.ToString(CultureInfo.InvariantCulture),
            ["BERTH_WORKSPACE"] = order.Workspace,
            ["BERTH_ATTEMPT"] = order.Attempt,
            ["BERTH_ATTEMPT_KIND"] = order.Kind.ToString(),
        };
        if (order.Kind == AttemptKind.Apply) env["BERTH_PLAN_ATTEMPT"] = order.Directory ?? "";
        if (checkpoint is not null) (env["BERTH_RESUME"], env["BERTH_CHECKPOINT"]) = ("true", checkpoint);
        if (order.TraceParent is { Length: > 0 } trace) env["TRACEPARENT"] = trace;
        return env;
    }
}
