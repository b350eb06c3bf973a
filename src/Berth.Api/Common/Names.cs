namespace Berth.Api;

/// <summary>Group, labels, annotations and finalizers that Berth owns.</summary>
public static class Names
{
    /// <summary>API group.</summary>
    public const string Group = "berth.dev";

    /// <summary>API version.</summary>
    public const string Version = "v1alpha1";

    /// <summary>Group and version as in <c>apiVersion</c>.</summary>
    public const string ApiVersion = Group + "/" + Version;

    /// <summary>Label on agent pods: the pool's name. Only the operator may create pods with it.</summary>
    public const string PoolLabel = "berth.dev/pool";

    /// <summary>Label on agent pods: the first 16 hex digits of the pool template's hash.</summary>
    public const string TemplateHashLabel = "berth.dev/template-hash";

    /// <summary>Label on agent pods on which an apply or Run works: the pool's disruption budget allows none of these to be evicted.</summary>
    public const string ProtectedLabel = "berth.dev/protected";

    /// <summary>Finalizer on tasks: kept until the task is terminal, fenced and its history is written.</summary>
    public const string TaskFinalizer = "berth.dev/history";

    /// <summary>Finalizer on agent pods: kept until nothing unfenced remains, so that a forced delete cannot erase the evidence.</summary>
    public const string FenceFinalizer = "berth.dev/fence";

    /// <summary>Finalizer on pools: kept until their pods are gone.</summary>
    public const string PoolFinalizer = "berth.dev/pool";

    /// <summary>
    /// Annotation on an agent pod that drains it, whatever its value: no new work, reservations with stored plans move, running work is
    /// waited for, then the pod ends and another takes its place. The value is shown to people: who drains it, and why. Taking the
    /// annotation off undoes it.
    /// </summary>
    public const string DrainAnnotation = "berth.dev/drain";

    /// <summary>Annotation on whatever a verb of the command line changed: an <see cref="ActionNote"/>, written with the change itself.</summary>
    public const string ActionAnnotation = "berth.dev/last-action";

    /// <summary>Group of the operator's aggregated API: logs, plan text, history, queue positions, slots, connections.</summary>
    public const string ViewGroup = "view.berth.dev";

    /// <summary>Annotation on the leader Lease: host:port of the leader's aggregated API, for the other replicas.</summary>
    public const string ViewAddressAnnotation = "berth.dev/view-address";

    /// <summary>Annotation on a task: each new value asks for a checkpoint of the running command.</summary>
    public const string CheckpointAnnotation = "berth.dev/checkpoint";

    /// <summary>Annotation on a task or pool with a time (RFC 3339): what has stood still since before then is known, and nobody is reminded of it.</summary>
    public const string AcknowledgedAnnotation = "berth.dev/acknowledged";

    /// <summary>
    /// Annotation on a pool whose pods are to be spread over the nodes again: any new value, by convention the time of asking. Done once
    /// status.rebalanced shows the same value.
    /// </summary>
    public const string RebalanceAnnotation = "berth.dev/rebalance";

    /// <summary>Annotation on a Namespace: a JSON list of freeze windows that hold for all its pools.</summary>
    public const string FreezeWindowsAnnotation = "berth.dev/freeze-windows";

    /// <summary>Annotation on a Namespace: a JSON object of limits that hold for all its pools together.</summary>
    public const string LimitsAnnotation = "berth.dev/limits";

    /// <summary>Annotation on the leader Lease: the address on which the leader's gateway takes agents.</summary>
    public const string GatewayAddressAnnotation = "berth.dev/gateway-address";

    /// <summary>
    /// Annotation that says who changed the spec of a task or pool: <c>USER@GENERATION</c>, written in the same patch as the change, with the
    /// generation that the change leads to. The audit believes it for that generation alone.
    /// </summary>
    public const string ChangedByAnnotation = "berth.dev/changed-by";

    /// <summary>Annotation on a task that a restore made: the uid under which the history knows what was before.</summary>
    public const string RestoredFromAnnotation = "berth.dev/restored-from";

    /// <summary>
    /// Annotation on a task that a restore is making again as over: the operator leaves it alone until its status is there. Otherwise it would
    /// begin a history of its own, as a task that waits, before the restore could say how it had ended.
    /// </summary>
    public const string RestoringAnnotation = "berth.dev/restoring";

    /// <summary>Label on ConfigMaps in the operator's namespace that keep the history of tasks that had to go while the database was away.</summary>
    public const string SpillLabel = "berth.dev/spilled-history";

    /// <summary>ConfigMap, one per namespace with pools: the gateway's CA (<c>ca.crt</c>) and addresses (<c>addresses</c>, comma-separated).</summary>
    public const string GatewayConfigMap = "berth-gateway";

    /// <summary>TLS server name that every gateway certificate carries, whatever address is dialled.</summary>
    public const string GatewayServerName = "berth-gateway.berth.svc";

    /// <summary>Audience of the projected service-account token with which agents authenticate.</summary>
    public const string TokenAudience = "berth";

    /// <summary>The agent's container in an agent pod.</summary>
    public const string AgentContainer = "berth-agent";

    /// <summary>Name of the container in a pool's template that is stamped once per slot.</summary>
    public const string TaskContainer = "task";

    /// <summary>Name of the slot container with this index.</summary>
    public static string SlotContainer(int slot) => $"slot-{slot}";

    /// <summary>How people and the SLOT column name a slot: pod, slash, index.</summary>
    public static string SlotName(string pod, int slot) => $"{pod}/{slot}";
}
