using System.CommandLine;
using System.Globalization;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Verbs.Look;

namespace Berth.Cli.Verbs.Steer;

/// <summary>ack: a person has seen what a task or a pool needs, and is not reminded of it again.</summary>
internal static class AckCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var tasks = new Argument<string[]>("task") { Description = "Names of tasks.", Arity = ArgumentArity.ZeroOrMore };
        tasks.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        var pools = new Option<string[]>("--pool") { Description = "A pool whose alarm you have seen; may be given several times.", HelpName = "POOL", DefaultValueFactory = _ => [] };
        pools.CompletionSources.Add(context => TaskNames.CompletePools(cluster, context));
        var options = new ActingOptions();
        var command = new Command("ack", "Say that you have seen what a task or a pool needs: its escalation is not repeated.") { tasks, pools };
        options.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (named, seen) = (result.GetValue(tasks) ?? [], result.GetValue(pools) ?? []);
            if (named.Length + seen.Length == 0) throw new CliException(ExitCodes.Usage, "Of what? Name tasks, or pools with --pool.");
            using var session = cluster.Open(result);
            var act = await Act.BeginAsync(session, "ack", options.Comment(result), options.IsDryRun(result), cancellationToken);
            var now = string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.UtcNow:yyyy-MM-dd'T'HH:mm:ss'Z'}");
            foreach (var name in named)
            {
                var task = await session.TaskAsync(name, cancellationToken);
                await act.ChangeAsync(BerthResources.Tasks, new(task.Metadata.Namespace, name), Act.Annotation(Names.AcknowledgedAnnotation, now), cancellationToken);
                Console.WriteLine($"task {name}: acknowledged{act.Suffix}");
            }
            foreach (var name in seen)
            {
                var pool = await session.PoolAsync(name, cancellationToken);
                await act.ChangeAsync(BerthResources.Pools, new(pool.Metadata.Namespace, name), Act.Annotation(Names.AcknowledgedAnnotation, now), cancellationToken);
                Console.WriteLine($"pool {name}: acknowledged{act.Suffix}");
            }
            return ExitCodes.Done;
        });
        return command;
    }
}
