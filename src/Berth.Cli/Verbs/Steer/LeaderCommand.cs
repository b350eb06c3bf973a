using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Steer;

/// <summary>leader status, transfer: who leads, and asking for another.</summary>
internal static class LeaderCommand
{
    private const int TransferWaits = 60;

    public static Command Create(ClusterOptions cluster) => new("leader", "Who leads; and asking for another leader.") { Status(cluster), Transfer(cluster) };

    private static Command Status(ClusterOptions cluster)
    {
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json, OutputFormat.Yaml);
        var command = new Command("status", "Who leads, since when, and when it last said so.") { output };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var lease = await LeaseAsync(session, cancellationToken);
            if (result.GetValue(output) is OutputFormat.Json or OutputFormat.Yaml)
            {
                var json = Json(lease);
                Console.Write(result.GetValue(output) == OutputFormat.Json ? Serialized.Json(json) : Serialized.Yaml(json));
                return ExitCodes.Done;
            }
            Console.Write(new Sheet().Line("leader", Name(lease) is { Length: > 0 } name ? name : Paint.Bad("nobody"))
                .Line("epoch", lease.Spec?.LeaseTransitions?.ToString(CultureInfo.InvariantCulture)).Line("since", lease.Spec?.AcquireTime).Line("renewed", lease.Spec?.RenewTime)
                .Line("gateway", lease.Metadata.Annotation(Names.GatewayAddressAnnotation)).Line("lease", $"{session.OperatorNamespace}/{ClusterSession.LeaseName}"));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Transfer(ClusterOptions cluster)
    {
        var options = new ActingOptions();
        var command = new Command("transfer", "Take the lease from the leader; another replica takes over within seconds. Nothing that runs is touched.");
        options.AddTo(command, TransferWaits);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var lease = await LeaseAsync(session, cancellationToken);
            if (Name(lease).Length == 0) throw new CliException(ExitCodes.NotWaiting, "Nobody leads at the moment; 'berth doctor' says more.");
            if (!options.IsConfirmed(result)) Question.MustConfirm($"{Name(lease)} leads. Take the lease from it?", "give --yes.");
            var act = await Act.BeginAsync(session, "leader transfer", options.Comment(result), options.IsDryRun(result), cancellationToken);
            var holder = lease.Spec!.HolderIdentity;
            await TakeAsync(session, act, lease, cancellationToken);
            Console.WriteLine($"{Name(lease)}: lease taken{act.Suffix}");
            if (options.Wait(result) is var limit && limit == TimeSpan.Zero) return ExitCodes.Done;
            var taken = await Progress.UntilAsync(limit, async stop => (lease = await LeaseAsync(session, stop)).Spec?.HolderIdentity is { Length: > 0 } next && next != holder ? null : "waiting for the next leader", cancellationToken);
            if (!taken) throw new CliException(ExitCodes.Failed, $"No other replica leads after {limit.TotalSeconds:0} s; 'berth doctor' says more.");
            Console.WriteLine($"{Name(lease)} leads now, epoch {lease.Spec?.LeaseTransitions}");
            return ExitCodes.Done;
        });
        return command;
    }

    // The epoch stays in the lease, so that the next leader's is higher. With the version, so that a lease that has just changed hands is left alone.
    private static async Task TakeAsync(ClusterSession session, Act act, Lease lease, CancellationToken cancellationToken)
    {
        const int tries = 5;
        for (var (attempt, seen) = (1, lease); ; attempt++)
        {
            try
            {
                var change = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["resourceVersion"] = seen.Metadata.ResourceVersion },
                    ["spec"] = new JsonObject { ["holderIdentity"] = "", ["leaseDurationSeconds"] = 1 },
                };
                await act.ChangeAsync(Resources.Leases, KeyOf(session), change, cancellationToken);
                return;
            }
            catch (KubernetesException error) when (error.IsConflict && attempt < tries)
            {
                // The leader renewed it at the same moment.
                seen = await LeaseAsync(session, cancellationToken);
                if (seen.Spec?.HolderIdentity != lease.Spec?.HolderIdentity) throw new CliException(ExitCodes.NotWaiting, $"{Name(seen)} has just taken over; nothing was done.");
            }
        }
    }

    /// <summary>The leader's Lease.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static async Task<Lease> LeaseAsync(ClusterSession session, CancellationToken cancellationToken) =>
        await session.Client.TryGetAsync(Resources.Leases, KeyOf(session), cancellationToken)
        ?? throw new CliException(ExitCodes.NotWaiting, $"There is no Lease {ClusterSession.LeaseName} in namespace '{session.OperatorNamespace}': no operator has ever led there. Give --operator-namespace if it is installed elsewhere.");

    /// <summary>The replica's name, without the unique part of its identity.</summary>
    public static string Name(Lease lease) => lease.Spec?.HolderIdentity?.Split('_')[0] ?? "";

    private static ObjectKey KeyOf(ClusterSession session) => new(session.OperatorNamespace, ClusterSession.LeaseName);

    private static JsonObject Json(Lease lease) => new()
    {
        ["leader"] = Name(lease),
        ["identity"] = lease.Spec?.HolderIdentity,
        ["epoch"] = lease.Spec?.LeaseTransitions,
        ["since"] = lease.Spec?.AcquireTime?.ToString("O"),
        ["renewed"] = lease.Spec?.RenewTime?.ToString("O"),
        ["gateway"] = lease.Metadata.Annotation(Names.GatewayAddressAnnotation),
    };
}
