using Berth.Api;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Look;
using Berth.Kubernetes;
using Found = System.Threading.Tasks.Task<System.Collections.Generic.IReadOnlyList<Berth.Cli.Verbs.Doctor.Finding>>;

namespace Berth.Cli.Verbs.Doctor;

/// <summary>The checks of agents, pools and tasks.</summary>
internal static class WorkChecks
{
    private const int Shown = 5;
    private static readonly TimeSpan Lingering = TimeSpan.FromMinutes(10);

    public static async Found AgentsAsync(Patient patient, string check, CancellationToken stop)
    {
        var (agents, version) = (await patient.ConnectionsAsync(stop), ViewRows.Text(await patient.OperatorAsync(stop), "version"));
        if (agents.Count == 0) return [new(check, Verdict.Ok, "there are no agent pods")];
        var silent = agents.Where(a => ViewRows.Text(a, "connected") != "true").Select(ViewRows.Name).ToList();
        var other = agents.Where(a => ViewRows.Text(a, "version") is { Length: > 0 } theirs && theirs != version).Select(a => $"{ViewRows.Name(a)} ({ViewRows.Text(a, "version")})").ToList();
        var found = new List<Finding>();
        if (silent.Count > 0) found.Add(new(check, Verdict.Warning, $"{silent.Count} of {agents.Count} are not connected: {Some(silent)}", "They must reach the operator's gateway; kubectl logs POD -c berth-agent, and docs/runbooks/agent-losses.md"));
        if (other.Count > 0) found.Add(new(check, Verdict.Warning, $"{other.Count} have another version than the operator ({version}): {Some(other)}", "They work, but roll the pool: a change of the agent's image makes the operator replace idle pods."));
        return found.Count > 0 ? found : [new(check, Verdict.Ok, $"all {agents.Count} are connected, version {version}")];
    }

    public static async Found PoolsAsync(Patient patient, string check, CancellationToken stop)
    {
        var pools = await patient.PoolsAsync(stop);
        if (pools.Count == 0) return [new(check, Verdict.Warning, "there is no pool: no task can run", "Create one; deploy/samples/pool.yaml is an example.")];
        var found = pools.Select(p => (Pool: p, Ready: p.Status.Conditions.FirstOrDefault(c => c.Type == "Ready"))).Where(p => p.Ready is not { Status: ConditionStatus.True })
            .Select(p => new Finding(check, p.Ready?.Reason is null or Reasons.PodsStarting ? Verdict.Warning : Verdict.Bad, $"{p.Pool.Metadata.Namespace}/{p.Pool.Metadata.Name}: {p.Ready?.Reason ?? "not judged yet"}: {p.Ready?.Message}", $"berth describe pool {p.Pool.Metadata.Name} -n {p.Pool.Metadata.Namespace}")).ToList();
        return found.Count > 0 ? found : [new(check, Verdict.Ok, $"all {pools.Count} are ready, {pools.Sum(p => p.Status.Slots.Idle)} of {pools.Sum(p => p.Status.Slots.Total)} slots idle")];
    }

    public static async Found TasksAsync(Patient patient, string check, CancellationToken stop)
    {
        var tasks = await patient.TasksAsync(stop);
        var stuck = tasks.Where(t => t.Status.Conditions.Any(c => c is { Type: "Stalled", Status: ConditionStatus.True })).ToList();
        var open = tasks.Count(t => !t.Status.Phase.IsTerminal());
        if (stuck.Count == 0) return [new(check, Verdict.Ok, $"{open} are open, {tasks.Count - open} over; none needs a person, apart from {tasks.Count(t => t.Status.Reason == Reasons.AwaitingApproval)} that wait for approval")];
        return
        [
            .. stuck.Take(Shown).Select(t => (Task: t, Outlook: Outlook.Of(t))).Select(t => new Finding(check, Verdict.Warning, $"{t.Task.Metadata.Namespace}/{t.Task.Metadata.Name} needs a person: {t.Outlook.Why}", t.Outlook.Commands.Count > 0 ? t.Outlook.Commands[^1] : $"berth describe {t.Task.Metadata.Name}")),
            .. stuck.Count > Shown ? [new Finding(check, Verdict.Warning, $"… and {stuck.Count - Shown} more", "berth cleanup --stuck --dry-run lists them")] : Array.Empty<Finding>(),
        ];
    }

    public static async Found OrphansAsync(Patient patient, string check, CancellationToken stop)
    {
        var pools = (await patient.PoolsAsync(stop)).Select(p => $"{p.Metadata.Namespace}/{p.Metadata.Name}").ToHashSet(StringComparer.Ordinal);
        var pods = await patient.PodsAsync(stop);
        var ownerless = pods.Where(p => !pools.Contains($"{p.Metadata.Namespace}/{p.Metadata.Label(Names.PoolLabel)}")).Select(p => $"{p.Metadata.Namespace}/{p.Metadata.Name}").ToList();
        var lingering = pods.Where(p => p.Metadata.DeletionTimestamp is { } at && DateTimeOffset.UtcNow - at > Lingering && p.Metadata.HasFinalizer(Names.FenceFinalizer)).Select(p => $"pod {p.Metadata.Namespace}/{p.Metadata.Name}")
            .Concat((await patient.TasksAsync(stop)).Where(t => t.Metadata.DeletionTimestamp is { } at && DateTimeOffset.UtcNow - at > Lingering).Select(t => $"task {t.Metadata.Namespace}/{t.Metadata.Name}")).ToList();
        var found = new List<Finding>();
        if (ownerless.Count > 0) found.Add(new(check, Verdict.Warning, $"{ownerless.Count} agent pods belong to no pool: {Some(ownerless)}", "berth cleanup --zombies --dry-run"));
        if (lingering.Count > 0) found.Add(new(check, Verdict.Warning, $"{lingering.Count} objects were asked to go over {Ages.Of(Lingering)} ago and are held by Berth's finalizers: {Some(lingering)}", "They go once nothing unfenced remains and their history is written; if the operator is gone for good: berth cleanup --finalizers --dry-run"));
        return found.Count > 0 ? found : [new(check, Verdict.Ok, "none")];
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(Shown)) + (names.Count > Shown ? $" and {names.Count - Shown} more" : "");
}
