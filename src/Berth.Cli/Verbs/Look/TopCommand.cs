using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Steer;

namespace Berth.Cli.Verbs.Look;

/// <summary>top: pools, busy slots and the queue on one screen, again and again on a terminal, once elsewhere.</summary>
internal static class TopCommand
{
    private const int Rows = 12;

    public static Command Create(ClusterOptions cluster)
    {
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var every = new Option<int>("--interval") { Description = "Seconds between two looks.", DefaultValueFactory = _ => 2, HelpName = "S" };
        var once = new Option<bool>("--once") { Description = "Show it once and end; what a pipe gets anyway." };
        every.Take(1, 86_400, "a number of seconds, 1 or more");
        var command = new Command("top", "Pools, busy slots and queues, live.") { everywhere, every, once };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var live = !result.GetValue(once) && !Console.IsOutputRedirected;
            do
            {
                var screen = await (live ? LookAgainAsync(session, result.GetValue(everywhere), cancellationToken) : ScreenAsync(session, result.GetValue(everywhere), cancellationToken));
                // Home, then each line to its end, then what is left below: nothing flickers.
                Console.Write(live ? "\u001b[H" + screen.Replace("\n", "\u001b[K\n", StringComparison.Ordinal) + "\u001b[J" : screen);
                if (live) await Task.Delay(TimeSpan.FromSeconds(result.GetValue(every)), cancellationToken);
            }
            while (live);
            return ExitCodes.Done;
        });
        return command;
    }

    /// <summary>What is looked at live is not ended by one look that fails, least of all while the leader changes.</summary>
    private static async Task<string> LookAgainAsync(ClusterSession session, bool everywhere, CancellationToken cancellationToken)
    {
        try
        {
            return await ScreenAsync(session, everywhere, cancellationToken);
        }
        catch (Exception error) when (error is CliException or Berth.Kubernetes.KubernetesException)
        {
            return $"{Paint.Bold("berth top")}  {DateTimeOffset.UtcNow:HH:mm:ss} UTC\n\n{Paint.Bad(error.Message)}\n\nlooking again\n";
        }
    }

    private static async Task<string> ScreenAsync(ClusterSession session, bool everywhere, CancellationToken cancellationToken)
    {
        var ns = everywhere ? null : session.Namespace;
        var pools = (await session.Client.ListAllAsync(BerthResources.Pools, ns, cancellationToken: cancellationToken)).Items;
        var slots = ViewRows.Items(await session.Operator.ListAsync(ns, "slots", cancellationToken));
        var queue = ViewRows.Items(await session.Operator.ListAsync(ns, "queuepositions", cancellationToken));
        var text = new StringBuilder();
        text.Append(await HeadAsync(session, everywhere, cancellationToken)).Append('\n');
        text.Append(TextTable.Write([.. everywhere ? ["Namespace"] : Array.Empty<string>(), "Pool", "Pods", "Slots", "Running", "Reserved", "Idle", "Other", "Waiting", "Ready"], pools.Select(p => Pool(p, slots, queue, everywhere)).ToList()));
        var busy = slots.Where(s => ViewRows.Text(s, "task").Length > 0).ToList();
        text.Append('\n').Append(Part($"{busy.Count} busy slots", [.. everywhere ? ["Namespace"] : Array.Empty<string>(), .. ViewRows.SlotHeadings], busy.Select(s => ViewRows.Slot(s, false, everywhere)).ToList()));
        text.Append('\n').Append(Part($"{queue.Count} waiting tasks", [.. everywhere ? ["Namespace"] : Array.Empty<string>(), .. ViewRows.QueueHeadings], queue.Select(q => ViewRows.Queue(q, false, everywhere)).ToList()));
        return text.ToString();
    }

    private static async Task<string> HeadAsync(ClusterSession session, bool everywhere, CancellationToken cancellationToken)
    {
        var leader = "nobody is known to lead";
        try
        {
            var lease = await LeaderCommand.LeaseAsync(session, cancellationToken);
            if (LeaderCommand.Name(lease) is { Length: > 0 } name) leader = string.Create(CultureInfo.InvariantCulture, $"{name} leads since {Ages.Since(lease.Spec?.AcquireTime)}, epoch {lease.Spec?.LeaseTransitions}");
        }
        catch (Exception error) when (error is CliException or Berth.Kubernetes.KubernetesException)
        {
            // Who may look at tasks need not be allowed to look at the operator's own namespace.
            leader = "the leader cannot be seen from here";
        }
        return string.Create(CultureInfo.InvariantCulture, $"{Paint.Bold("berth top")}  {DateTimeOffset.UtcNow:HH:mm:ss} UTC  {(everywhere ? "all namespaces" : $"namespace {session.Namespace}")}  {leader}\n");
    }

    private static IReadOnlyList<string> Pool(AgentPoolResource pool, IReadOnlyList<JsonObject> slots, IReadOnlyList<JsonObject> queue, bool everywhere)
    {
        bool Ours(JsonObject item) => ViewRows.Text(item, "pool") == pool.Metadata.Name && ViewRows.Namespace(item) == pool.Metadata.Namespace;
        var mine = slots.Where(Ours).Select(s => ViewRows.Text(s, "state")).ToList();
        string Count(string state) => Number(mine.Count(s => s == state));
        var ready = pool.Status.Conditions.FirstOrDefault(c => c.Type == "Ready");
        return
        [
            .. everywhere ? [pool.Metadata.Namespace ?? ""] : Array.Empty<string>(),
            pool.Metadata.Name, Number(pool.Status.Replicas), Number(mine.Count), Count("Running"), Count("Reserved"), Count("Idle"), Number(mine.Count(s => s is not ("Running" or "Reserved" or "Idle"))), Number(queue.Count(Ours)), ready is { Status: ConditionStatus.True } ? "True" : ready?.Reason ?? "-",
        ];
    }

    private static string Part(string heading, string[] headings, List<IReadOnlyList<string>> rows)
    {
        if (rows.Count == 0) return heading + "\n";
        var more = rows.Count > Rows ? $"… and {rows.Count - Rows} more\n" : "";
        return $"{heading}\n{TextTable.Write(headings, rows.Take(Rows).ToList())}{more}";
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
