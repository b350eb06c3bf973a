using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs;

/// <summary>Lists tasks, pools or approvals, with the columns that the server prints.</summary>
internal static class GetCommand
{
    private const string AsTable = "application/json;as=Table;v=v1;g=meta.k8s.io";

    public static Command Create()
    {
        var cluster = new ClusterOptions();
        var words = new Argument<string[]>("what") { Description = "Kind (tasks, pools, approvals; tasks if absent) and a name.", Arity = new(0, 2) };
        var everywhere = new Option<bool>("--all-namespaces", "-A") { Description = "In every namespace." };
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Wide, OutputFormat.Json, OutputFormat.Yaml, OutputFormat.Name);
        var command = new Command("get", "List tasks, pools or approvals.") { words, everywhere, output };
        cluster.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var (type, name) = Parse(result.GetValue(words) ?? []);
            var path = name is null ? type.PathOfCollection(result.GetValue(everywhere) ? null : session.Namespace) : type.PathOf(new(session.Namespace, name));
            await PrintAsync(session, type, path, result.GetValue(output)!, result.GetValue(everywhere), cancellationToken);
            if (name is not null && type == BerthResources.Tasks && result.GetValue(output) == OutputFormat.Table && (await session.TaskAsync(name, cancellationToken)).Status.Message is { } message)
                Console.WriteLine("\n" + message);
            return ExitCodes.Done;
        });
        return command;
    }

    // `get NAME` means a task: a word that is no kind, alone.
    private static (ResourceType Type, string? Name) Parse(string[] words) => words switch
    {
        [] => (BerthResources.Tasks, null),
        [var kind, var name] => (BerthResources.Find(kind), name),
        [var word] when word.Contains('/', StringComparison.Ordinal) => (BerthResources.Find(word.Split('/')[0].Split('.')[0]), word.Split('/')[1]),
        [var word] => Known(word) is { } type ? (type, null) : (BerthResources.Tasks, word),
        _ => throw new CliException(ExitCodes.Usage, "get takes a kind and a name."),
    };

    private static ResourceType? Known(string word)
    {
        try
        {
            return BerthResources.Find(word);
        }
        catch (CliException)
        {
            return null;
        }
    }

    private static async Task PrintAsync(ClusterSession session, ResourceType type, string path, string format, bool withNamespace, CancellationToken cancellationToken)
    {
        var isTable = format is OutputFormat.Table or OutputFormat.Wide;
        var answer = await ReadAsync(session, path, isTable ? AsTable : "application/json", cancellationToken);
        if (isTable) await PrintTableAsync(answer, type, session.Namespace, format == OutputFormat.Wide, withNamespace);
        else if (format == OutputFormat.Name)
            foreach (var item in answer["items"]?.AsArray() ?? [answer.DeepClone()]) Console.WriteLine($"{type.Kind.ToLowerInvariant()}.{type.Group}/{item!["metadata"]!["name"]}");
        else Console.Write(format == OutputFormat.Json ? Serialized.Json(answer) : Serialized.Yaml(answer));
    }

    private static async Task<JsonObject> ReadAsync(ClusterSession session, string path, string accept, CancellationToken cancellationToken)
    {
        try
        {
            var answer = JsonNode.Parse(await session.Client.SendForBytesAsync(new() { Method = HttpMethod.Get, Path = path, Accept = accept }, cancellationToken))!.AsObject();
            // Who owns which field is of no use to people; kubectl leaves it out as well.
            foreach (var item in answer["items"]?.AsArray() ?? []) item?["metadata"]?.AsObject().Remove("managedFields");
            answer["metadata"]?.AsObject().Remove("managedFields");
            return answer;
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            throw new CliException(ExitCodes.NotWaiting, error.Status.Message ?? error.Message);
        }
    }

    private static async Task PrintTableAsync(JsonObject table, ResourceType type, string ns, bool wide, bool withNamespace)
    {
        var columns = table["columnDefinitions"]!.AsArray().Select((c, i) => (Name: c!["name"]!.GetValue<string>(), Priority: c["priority"]?.GetValue<int>() ?? 0, Index: i)).Where(c => wide || c.Priority == 0).ToList();
        var rows = (table["rows"]?.AsArray() ?? []).Select(row => (IReadOnlyList<string>)
        [
            .. withNamespace ? [row!["object"]?["metadata"]?["namespace"]?.GetValue<string>() ?? ""] : Array.Empty<string>(),
            .. columns.Select(c => row!["cells"]![c.Index] is { } cell ? cell.ToString() : "<none>"),
        ]).ToList();
        if (rows.Count == 0) await Console.Error.WriteLineAsync(withNamespace ? $"There are no {type.Plural}." : $"There are no {type.Plural} in namespace '{ns}'.");
        else Console.Write(TextTable.Write([.. withNamespace ? ["Namespace"] : Array.Empty<string>(), .. columns.Select(c => c.Name)], rows));
    }
}
