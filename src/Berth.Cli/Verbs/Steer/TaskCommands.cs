using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Look;

namespace Berth.Cli.Verbs.Steer;

/// <summary>suspend, resume, stop, requeue, delete: what a person may ask of a task.</summary>
internal static class TaskCommands
{
    private const int StopWaits = 120;

    public static Command Suspend(ClusterOptions cluster) => Create(cluster, "suspend", "Hold a task still: it keeps its place and its workspace; nothing new is started.", null, async (act, task, stop) =>
    {
        if (task.Status.Phase.IsTerminal()) throw Over(task, "suspend");
        await act.ChangeAsync(BerthResources.Tasks, KeyOf(task), Desired(DesiredState.Suspended), stop, task.Metadata.Generation);
        return $"suspended{(task.Status.Phase.MayRun() ? ": what runs now goes on to its end, and nothing is started after it" : "")}; go on with: berth resume {task.Metadata.Name}";
    });

    public static Command Resume(ClusterOptions cluster) => Create(cluster, "resume", "Let a suspended task go on.", null, async (act, task, stop) =>
    {
        if (task.Spec.DesiredState == DesiredState.Stopped) throw new CliException(ExitCodes.NotWaiting, $"Task '{task.Metadata.Name}' was stopped, and that is final for this run; run it again with: berth requeue {task.Metadata.Name}");
        if (task.Spec.DesiredState != DesiredState.Suspended) throw new CliException(ExitCodes.NotWaiting, $"Task '{task.Metadata.Name}' is not suspended: it is {task.Status.Phase}.");
        await act.ChangeAsync(BerthResources.Tasks, KeyOf(task), Desired(DesiredState.Running), stop, task.Metadata.Generation);
        return "resumed";
    });

    public static Command Requeue(ClusterOptions cluster)
    {
        return Create(cluster, "requeue", "Run a task again that is over: a new run, a new plan, a new approval.", Question, async (act, task, stop) =>
        {
            if (!task.Status.Phase.IsTerminal()) throw new CliException(ExitCodes.NotWaiting, $"Task '{task.Metadata.Name}' is not over: it is {task.Status.Phase}. Stop it first with: berth stop {task.Metadata.Name}");
            var next = Math.Max(task.Spec.Requeue ?? 0, task.Status.ObservedRequeue) + 1;
            var spec = new JsonObject { ["requeue"] = next };
            // A stop is sticky; whoever asks for another run does not want it to be stopped again at once.
            if (task.Spec.DesiredState != DesiredState.Running) spec["desiredState"] = nameof(DesiredState.Running);
            await act.ChangeAsync(BerthResources.Tasks, KeyOf(task), new() { ["spec"] = spec }, stop, task.Metadata.Generation);
            return $"run {task.Status.Run + 1} asked for";
        });
        // A Run has no approval before it: its command is started again at once.
        static string? Question(TaskResource task) => task.Spec.Type == TaskType.Run ? $"The command of '{task.Metadata.Name}' is run again, without an approval. Do it?" : null;
    }

    public static Command Stop(ClusterOptions cluster)
    {
        var command = Create(cluster, "stop", "Stop a task: whatever runs in its slot is ended. Final for this run.", Question, async (act, task, stop) =>
        {
            if (task.Status.Phase.IsTerminal()) throw Over(task, "stop");
            await act.ChangeAsync(BerthResources.Tasks, KeyOf(task), Desired(DesiredState.Stopped), stop, task.Metadata.Generation);
            return "stop asked for";
        }, StopWaits, (task, _) => task.Status.Phase.IsTerminal() ? null : $"{task.Metadata.Name} is {task.Status.Phase}{(task.Status.Message is { } message ? ": " + message : "")}");
        return command;

        static string Question(TaskResource task) => task.Status.Phase switch
        {
            TaskPhase.Applying => $"'{task.Metadata.Name}' is applying: stopping it may leave half a change. Stop it?",
            _ => $"'{task.Metadata.Name}' is {task.Status.Phase}. Stop it for good?",
        };
    }

    public static Command Delete(ClusterOptions cluster)
    {
        return Create(cluster, "delete", "Delete a task, and leave in the audit who did it, which kubectl cannot. Its history stays; what runs is stopped first.", Question, async (act, task, stop) =>
        {
            await act.DeleteAsync(BerthResources.Tasks, KeyOf(task), task.Metadata.Uid, stop);
            return task.Status.Phase.IsTerminal() ? "deleted" : "deletion asked for; it goes once nothing of it can be running";
        });
        static string? Question(TaskResource task) => task.Status.Phase switch
        {
            TaskPhase.Applying => $"'{task.Metadata.Name}' is applying: deleting it stops it, and may leave half a change. Delete it?",
            var phase when phase.IsTerminal() => null,
            var phase => $"'{task.Metadata.Name}' is {phase}. Delete it?",
        };
    }

    private static Command Create(ClusterOptions cluster, string verb, string description, Func<TaskResource, string?>? question, Func<Act, TaskResource, CancellationToken, Task<string>> doIt,
        int? waits = null, Func<TaskResource, CancellationToken, string?>? pending = null)
    {
        var tasks = new Argument<string[]>("task") { Description = "Names of tasks.", Arity = ArgumentArity.OneOrMore };
        tasks.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        var options = new ActingOptions();
        var command = new Command(verb, description) { tasks };
        options.AddTo(command, waits);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var act = await Act.BeginAsync(session, verb, options.Comment(result), options.IsDryRun(result), cancellationToken);
            foreach (var name in result.GetValue(tasks)!)
            {
                var task = await session.TaskAsync(name, cancellationToken);
                if (!options.IsConfirmed(result) && question?.Invoke(task) is { } asked) Output.Question.MustConfirm(asked, "give --yes.");
                Console.WriteLine($"task {name}: {await doIt(act, task, cancellationToken)}{act.Suffix}");
                if (pending is null || options.Wait(result) == TimeSpan.Zero) continue;
                await FollowAsync(session, name, options.Wait(result), pending, cancellationToken);
            }
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task FollowAsync(ClusterSession session, string name, TimeSpan limit, Func<TaskResource, CancellationToken, string?> pending, CancellationToken cancellationToken)
    {
        var last = await session.TaskAsync(name, cancellationToken);
        var done = await Progress.UntilAsync(limit, async stop => pending(last = await session.TaskAsync(name, stop), stop), cancellationToken);
        if (!done) throw new CliException(ExitCodes.Failed, $"Task '{name}' is still {last.Status.Phase} after {limit.TotalSeconds:0} s; it goes on. Look with: berth describe {name}");
        Console.WriteLine($"task {name}: {last.Status.Phase}{(last.Status.Message is { } message ? ": " + message : "")}");
    }

    private static Berth.Kubernetes.ObjectKey KeyOf(TaskResource task) => new(task.Metadata.Namespace, task.Metadata.Name);

    private static JsonObject Desired(DesiredState state) => new() { ["spec"] = new JsonObject { ["desiredState"] = state.ToString() } };

    private static CliException Over(TaskResource task, string verb) => new(ExitCodes.NotWaiting, $"There is nothing to {verb}: task '{task.Metadata.Name}' is over ({task.Status.Phase}).");
}
