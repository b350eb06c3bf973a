using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Look;

/// <summary>All that is known of one task, pool or approval, the reason why it waits first.</summary>
internal static class DescribeCommand
{
    private const int EventsShown = 12;
    private static readonly ResourceType<JsonObject> Events = Resources.Dynamic("", "v1", "events", "Event", namespaced: true);

    public static Command Create(ClusterOptions cluster)
    {
        var words = new Argument<string[]>("what") { Description = "A kind (task if absent) and a name.", Arity = new(1, 2) };
        words.CompletionSources.Add(_ => ["task", "pool", "approval"]);
        words.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        var command = new Command("describe", "Say why a task, pool or approval is as it is, since when, what comes next and what to type.") { words };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var (type, name) = ObjectWords.Parse(result.GetValue(words) ?? []);
            if (name is null) throw new CliException(ExitCodes.Usage, $"Which one? Give a name; 'berth get {type.Plural}' lists them.");
            if (type == BerthResources.Pools) await PoolAsync(session, name, cancellationToken);
            else if (type == BerthResources.Approvals) await ApprovalAsync(session, name, cancellationToken);
            else await TaskAsync(session, name, cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task TaskAsync(ClusterSession session, string name, CancellationToken cancellationToken)
    {
        var task = await session.TaskAsync(name, cancellationToken);
        Console.Write(TaskDescription.Of(task));
        await EventsAsync(session, task.Metadata.Uid, cancellationToken);
    }

    private static async Task PoolAsync(ClusterSession session, string name, CancellationToken cancellationToken)
    {
        var pool = await session.PoolAsync(name, cancellationToken);
        var tasks = await session.Client.ListAllAsync(BerthResources.Tasks, session.Namespace, cancellationToken: cancellationToken);
        var pods = await session.Client.ListAllAsync(Resources.Pods, session.Namespace, new() { LabelSelector = $"{Names.PoolLabel}={name}" }, cancellationToken);
        Console.Write(PoolDescription.Of(pool, [.. tasks.Items.Where(t => t.Spec.PoolRef.Name == name)], pods.Items));
        await EventsAsync(session, pool.Metadata.Uid, cancellationToken);
    }

    private static async Task ApprovalAsync(ClusterSession session, string name, CancellationToken cancellationToken)
    {
        var approval = await session.Client.TryGetAsync(BerthResources.Approvals, new(session.Namespace, name), cancellationToken)
            ?? throw new CliException(ExitCodes.NotWaiting, $"There is no approval '{name}' in namespace '{session.Namespace}'; 'berth get approvals' lists them.");
        var spec = approval.Spec;
        var text = new Sheet().Line("approval", $"{approval.Metadata.Namespace}/{name}").Line("decision", $"{spec.Decision} by {spec.Approver}").Line("task", $"{spec.TaskRef.Name}, run {spec.Run}")
            .Line("digest", spec.Digest).Line("attempt", spec.Attempt).Line("comment", spec.Comment).Line("made", approval.Metadata.CreationTimestamp);
        var verdict = approval.Status.Conditions.FirstOrDefault(c => c.Type == "Accepted");
        text.Line("verdict", verdict is null ? "none yet: the operator gives it within a second while it leads; 'berth doctor' says why not" : $"{(verdict.Status == ConditionStatus.True ? "accepted" : "not accepted")} ({verdict.Reason}): {verdict.Message}");
        if (verdict is { Status: ConditionStatus.False }) text.Line("next", "nothing: a verdict is final. Look at the task and decide anew").Line("type", Paint.Bold($"berth describe {spec.TaskRef.Name}"));
        Console.Write(text);
    }

    private static async Task EventsAsync(ClusterSession session, string uid, CancellationToken cancellationToken)
    {
        ResourceList<JsonObject> events;
        try
        {
            events = await session.Client.ListAsync(Events, session.Namespace, new() { FieldSelector = $"involvedObject.uid={uid}" }, cancellationToken);
        }
        catch (KubernetesException error) when (error.IsForbidden)
        {
            Console.WriteLine("\nevents: you may not read them");
            return;
        }
        if (events.Items.Count == 0) return;
        var rows = events.Items.Select(e => (At: Moment(e), Row: (IReadOnlyList<string>)[Ages.Since(Moment(e)), Text(e, "type"), Text(e, "reason"), Text(e, "message")])).OrderBy(e => e.At).TakeLast(EventsShown).Select(e => e.Row).ToList();
        Console.Write("\n" + TextTable.Write(["Age", "Event", "Reason", "Message"], rows));
    }

    private static string Text(JsonObject from, string field) => from[field]?.ToString().ReplaceLineEndings(" ") ?? "";

    private static DateTimeOffset Moment(JsonObject from) =>
        new[] { from["series"]?["lastObservedTime"], from["lastTimestamp"], from["eventTime"], from["metadata"]?["creationTimestamp"] }
            .Select(t => DateTimeOffset.TryParse(t?.ToString(), out var at) ? at : (DateTimeOffset?)null).FirstOrDefault(t => t is not null) ?? DateTimeOffset.MinValue;
}
