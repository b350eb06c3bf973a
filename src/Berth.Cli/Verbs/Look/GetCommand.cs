using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Cli.Access;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Look;

/// <summary>Lists tasks, pools or approvals, with the columns that the server prints; and says of one task what it waits for.</summary>
internal static class GetCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var words = new Argument<string[]>("what") { Description = "Kind (tasks, pools, approvals; tasks if absent) and a name.", Arity = new(0, 2) };
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on, and show what changes." };
        var selector = new Option<string?>("--selector", "-l") { Description = "Only those with these labels.", HelpName = "LABELS" };
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Wide, OutputFormat.Json, OutputFormat.Yaml, OutputFormat.Name);
        var command = new Command("get", "List tasks, pools or approvals; of one task also what it waits for and what to type.") { words, everywhere, watch, selector, output };
        words.CompletionSources.Add(_ => ["tasks", "pools", "approvals"]);
        words.CompletionSources.Add(context => TaskNames.Complete(cluster, context));
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var (type, name) = ObjectWords.Parse(result.GetValue(words) ?? []);
            if (name is not null && result.GetValue(everywhere)) throw new CliException(ExitCodes.Usage, "A name belongs to one namespace: give -n, not -A.");
            var asked = new Listing(session, type, name, result.GetValue(everywhere), result.GetValue(output)!, result.GetValue(selector));
            var version = await asked.PrintAsync(cancellationToken);
            if (name is not null && type == BerthResources.Tasks && result.GetValue(output) is OutputFormat.Table or OutputFormat.Wide)
                Console.Write("\n" + Outlook.Of(await session.TaskAsync(name, cancellationToken)).Text());
            if (result.GetValue(watch)) await asked.FollowAsync(version, cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }
}
