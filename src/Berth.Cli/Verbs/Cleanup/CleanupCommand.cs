using System.CommandLine;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.History;
using Berth.Cli.Verbs.Steer;
using Berth.History;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Cleanup;

/// <summary>cleanup: what a bad day leaves behind. Shows everything first, asks, and does one thing after the other.</summary>
internal static class CleanupCommand
{
    private const string Default = "10m";

    public static Command Create(ClusterOptions cluster)
    {
        var stuck = new Option<bool>("--stuck") { Description = "Stop tasks that cannot go on: what they name does not exist or is forbidden, or their command is silent." };
        var zombies = new Option<bool>("--zombies") { Description = "Delete agent pods whose pool is gone, and approvals whose task is gone." };
        var finalizers = new Option<bool>("--finalizers") { Description = "Take Berth's finalizers off objects that were deleted long ago. For when the operator is gone for good: what it protects is given up." };
        var after = new Option<string>("--after") { Description = "Only what has been so for this long.", DefaultValueFactory = _ => Default, HelpName = "DURATION" };
        after.Validators.Add(r => { if (!Durations.TryParse(r.GetValueOrDefault<string>(), out _)) r.AddError("--after takes a duration, such as 10m or 2h."); });
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var options = new ActingOptions();
        var command = new Command("cleanup", "Remove what a bad day left behind.") { stuck, zombies, finalizers, after, everywhere };
        options.AddTo(command);
        var old = new OldHistory();
        old.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var wanted = new List<(string Kind, Func<Task<IReadOnlyList<Leftover>>> Find)>();
            var find = new LeftoverFinder(session, result.GetValue(everywhere) ? null : session.Namespace, Durations.Or(result.GetValue(after), TimeSpan.FromMinutes(10)));
            if (result.GetValue(stuck)) wanted.Add(("stuck tasks", () => find.StuckAsync(cancellationToken)));
            if (result.GetValue(zombies)) wanted.Add(("zombies", () => find.ZombiesAsync(cancellationToken)));
            if (result.GetValue(finalizers)) wanted.Add(("held by finalizers", () => find.FinalizersAsync(cancellationToken)));
            if (wanted.Count == 0 && !old.IsWanted(result)) throw new CliException(ExitCodes.Usage, "What is to be cleaned up? Give --stuck, --zombies, --finalizers or --older-than; with --dry-run nothing is changed.");
            if (old.IsWanted(result)) await old.RemoveAsync(result, session, options.IsDryRun(result), options.IsConfirmed(result), cancellationToken);
            if (wanted.Count == 0) return ExitCodes.Done;
            var act = await Act.BeginAsync(session, "cleanup", options.Comment(result), options.IsDryRun(result), cancellationToken);
            var failures = 0;
            try
            {
                foreach (var (kind, finder) in wanted) failures += await CleanAsync(kind, await finder(), act, options.IsConfirmed(result), cancellationToken);
            }
            finally
            {
                if (find.Freed.Count > 0) await KeepAsync(session, find.Freed, cancellationToken);
            }
            return failures == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    /// <summary>The operator that would have noted it is gone; the next one finds it where it keeps what the database could not take.</summary>
    private static async Task KeepAsync(ClusterSession session, IReadOnlyList<AuditRecord> acts, CancellationToken cancellationToken)
    {
        var name = SpilledActs.NameOf(acts[0].Id);
        var map = new ConfigMap
        {
            Metadata = new() { Name = name, Namespace = session.OperatorNamespace, Labels = new Dictionary<string, string> { [Names.SpillLabel] = "true" } },
            Data = new Dictionary<string, string> { [SpilledActs.Key] = SpilledActs.Write(acts) },
        };
        try
        {
            await session.Client.CreateAsync(Resources.ConfigMaps, map, session.OperatorNamespace, cancellationToken: cancellationToken);
            Console.WriteLine($"audit: kept in ConfigMap {session.OperatorNamespace}/{name}; the next operator there writes it into its database");
        }
        catch (KubernetesException error)
        {
            await Console.Error.WriteLineAsync($"audit: it could not be kept in namespace {session.OperatorNamespace} ({error.Status.Message ?? error.Message}). Keep this output: nothing else tells who did this.");
        }
    }

    private static async Task<int> CleanAsync(string kind, IReadOnlyList<Leftover> found, Act act, bool confirmed, CancellationToken cancellationToken)
    {
        if (found.Count == 0)
        {
            Console.WriteLine($"{kind}: none");
            return 0;
        }
        Console.Write($"{kind}:\n{TextTable.Write(["What", "Then", "Why"], found.Select(f => (IReadOnlyList<string>)[f.What, f.Remedy, f.Why.ReplaceLineEndings(" ")]).ToList())}");
        if (act.IsDryRun)
        {
            Console.WriteLine("dry run; nothing changed");
            return 0;
        }
        if (!confirmed) Question.MustConfirm($"Do this to {found.Count} objects?", "give --yes.");
        var failures = 0;
        for (var i = 0; i < found.Count; i++)
        {
            try
            {
                await found[i].DoAsync(act, cancellationToken);
                Console.WriteLine($"{i + 1}/{found.Count} {found[i].What}: {found[i].Remedy}");
            }
            catch (KubernetesException error)
            {
                failures++;
                await Console.Error.WriteLineAsync($"{i + 1}/{found.Count} {found[i].What}: {error.Status.Message ?? error.Message}");
            }
        }
        return failures;
    }
}
