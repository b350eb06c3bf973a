using System.CommandLine;
using System.Globalization;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Look;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Steer;

/// <summary>pool drain, undrain, rebalance: empties a pod without losing work, and spreads what is held anew.</summary>
internal static class PoolCommand
{
    private const int DrainWaits = 300;
    private const int RebalanceWaits = 300;

    public static Command Create(ClusterOptions cluster) => new("pool", "Drain a pod, give it back, or spread a pool's reservations anew.")
    {
        Drain(cluster),
        Undrain(cluster),
        Rebalance(cluster),
    };

    private static Command Drain(ClusterOptions cluster)
    {
        var (command, pod, options) = PodCommand("drain", "Give an agent pod no new work; reservations with stored plans move elsewhere, running work goes on to its end, then another pod takes its place.", DrainWaits);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var found = await AgentPodAsync(session, result.GetValue(pod)!, cancellationToken);
            var act = await Act.BeginAsync(session, "pool drain", options.Comment(result), options.IsDryRun(result), cancellationToken);
            var why = options.Comment(result) ?? $"by {act.By}";
            await act.ChangeAsync(Resources.Pods, new(session.Namespace, found.Metadata.Name!), Act.Annotation(Names.DrainAnnotation, why), cancellationToken);
            Console.WriteLine($"pod {found.Metadata.Name}: drains{act.Suffix}; give it back with: berth pool undrain {found.Metadata.Name}");
            if (options.Wait(result) is var limit && limit == TimeSpan.Zero) return ExitCodes.Done;
            var empty = await Progress.UntilAsync(limit, stop => HoldsAsync(session, found.Metadata.Uid!, stop), cancellationToken);
            if (!empty) throw new CliException(ExitCodes.Failed, $"Pod {found.Metadata.Name} still {await HoldsAsync(session, found.Metadata.Uid!, cancellationToken)} after {limit.TotalSeconds:0} s; it goes on draining.");
            Console.WriteLine($"pod {found.Metadata.Name}: holds nothing any more");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Undrain(ClusterOptions cluster)
    {
        var (command, pod, options) = PodCommand("undrain", "Give a drained pod work again.", null);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var found = await AgentPodAsync(session, result.GetValue(pod)!, cancellationToken);
            if (found.Metadata.Annotation(Names.DrainAnnotation) is null) throw new CliException(ExitCodes.NotWaiting, $"Pod {found.Metadata.Name} does not drain.");
            var act = await Act.BeginAsync(session, "pool undrain", options.Comment(result), options.IsDryRun(result), cancellationToken);
            await act.ChangeAsync(Resources.Pods, new(session.Namespace, found.Metadata.Name!), Act.Annotation(Names.DrainAnnotation, null), cancellationToken);
            Console.WriteLine($"pod {found.Metadata.Name}: takes work again{act.Suffix}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Rebalance(ClusterOptions cluster)
    {
        var pool = new Argument<string>("pool") { Description = "Name of the pool." };
        pool.CompletionSources.Add(context => TaskNames.CompletePools(cluster, context));
        var options = new ActingOptions();
        var command = new Command("rebalance", "Spread the pods of a pool over the nodes again. Running work is waited for.") { pool };
        options.AddTo(command, RebalanceWaits);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var found = await session.PoolAsync(result.GetValue(pool)!, cancellationToken);
            var act = await Act.BeginAsync(session, "pool rebalance", options.Comment(result), options.IsDryRun(result), cancellationToken);
            var now = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            await act.ChangeAsync(BerthResources.Pools, new(session.Namespace, found.Metadata.Name), Act.Annotation(Names.RebalanceAnnotation, now), cancellationToken);
            Console.WriteLine($"pool {found.Metadata.Name}: rebalance asked for{act.Suffix}");
            if (options.Wait(result) is var limit && limit == TimeSpan.Zero) return ExitCodes.Done;
            var done = await Progress.UntilAsync(limit, async stop => (await session.PoolAsync(found.Metadata.Name, stop)).Status is var status && status.Rebalanced == now ? null : $"{status.Replicas} pods, {status.Slots.Running} slots running, {status.Slots.Reserved} reserved", cancellationToken);
            if (!done) throw new CliException(ExitCodes.Failed, $"Pool {found.Metadata.Name} is not rebalanced after {limit.TotalSeconds:0} s; it goes on. Look with: berth describe pool {found.Metadata.Name}");
            Console.WriteLine($"pool {found.Metadata.Name}: rebalanced");
            return ExitCodes.Done;
        });
        return command;
    }

    private static (Command Command, Argument<string> Pod, ActingOptions Options) PodCommand(string verb, string description, int? waits)
    {
        var pod = new Argument<string>("pod") { Description = "Name of an agent pod; 'berth slots' shows them." };
        var options = new ActingOptions();
        var command = new Command(verb, description) { pod };
        options.AddTo(command, waits);
        return (command, pod, options);
    }

    private static async Task<Pod> AgentPodAsync(ClusterSession session, string name, CancellationToken cancellationToken)
    {
        var pod = await session.Client.TryGetAsync(Resources.Pods, new(session.Namespace, name), cancellationToken)
            ?? throw new CliException(ExitCodes.NotWaiting, $"There is no pod '{name}' in namespace '{session.Namespace}'; 'berth slots' shows those of pools.");
        return pod.Metadata.Label(Names.PoolLabel) is not null ? pod : throw new CliException(ExitCodes.NotWaiting, $"Pod '{name}' belongs to no pool.");
    }

    private static async Task<string?> HoldsAsync(ClusterSession session, string podUid, CancellationToken cancellationToken)
    {
        var tasks = await session.Client.ListAllAsync(BerthResources.Tasks, session.Namespace, cancellationToken: cancellationToken);
        var held = tasks.Items.Where(t => t.Status.Slot?.PodUid == podUid).Select(t => $"{t.Metadata.Name} ({t.Status.Phase})").ToList();
        return held.Count == 0 ? null : $"holds {string.Join(", ", held)}";
    }
}
