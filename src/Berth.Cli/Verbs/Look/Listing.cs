using System.Text.Json.Nodes;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Look;

/// <summary>Objects of one kind, printed as asked for, once or for as long as they change.</summary>
internal sealed class Listing(ClusterSession session, ResourceType type, string? name, bool everywhere, string format, string? selector)
{
    private const string AsTable = "application/json;as=Table;v=v1;g=meta.k8s.io";
    private IReadOnlyList<int> widths = [];

    private bool IsTable => format is OutputFormat.Table or OutputFormat.Wide;

    /// <summary>Prints what there is; returns the resource version it was read at.</summary>
    public async Task<string> PrintAsync(CancellationToken cancellationToken)
    {
        var answer = await ReadAsync(cancellationToken);
        if (IsTable) PrintTable(answer, first: true);
        else if (format == OutputFormat.Name)
            foreach (var item in answer["items"]?.AsArray() ?? [answer.DeepClone()]) PrintName(item!);
        else Console.Write(format == OutputFormat.Json ? Serialized.Json(answer) : Serialized.Yaml(answer));
        return answer["metadata"]?["resourceVersion"]?.GetValue<string>() ?? "";
    }

    /// <summary>Prints each change until cancelled. A watch that ends is begun again where it ended; one that is too old, with a new list.</summary>
    public async Task FollowAsync(string version, CancellationToken cancellationToken)
    {
        while (true)
        {
            var path = $"{type.PathOfCollection(everywhere ? null : session.Namespace)}?watch=true&allowWatchBookmarks=true&resourceVersion={version}{Selection('&')}";
            await using var stream = await session.Client.OpenStreamAsync(path, IsTable ? AsTable : "application/json", cancellationToken);
            using var reader = new StreamReader(stream);
            while (await LineAsync(reader, cancellationToken) is { } line)
            {
                var change = JsonNode.Parse(line)!.AsObject();
                if (change["type"]!.GetValue<string>() == "ERROR")
                {
                    version = await PrintAsync(cancellationToken);
                    break;
                }
                version = VersionOf(change["object"]!) ?? version;
                if (change["type"]!.GetValue<string>() != "BOOKMARK") Print(change["object"]!.AsObject());
            }
        }
    }

    private static async Task<string?> LineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (IOException)
        {
            // The server ended the watch without saying good-bye; the next one goes on from the same version.
            return null;
        }
    }

    private static string? VersionOf(JsonNode changed) =>
        (changed["rows"] is JsonArray { Count: > 0 } rows ? rows[0]?["object"]?["metadata"]?["resourceVersion"] : changed["metadata"]?["resourceVersion"])?.GetValue<string>();

    private void Print(JsonObject changed)
    {
        if (IsTable) PrintTable(changed, first: false);
        else if (format == OutputFormat.Name) PrintName(changed);
        else Console.Write(format == OutputFormat.Json ? Serialized.Json(Without(changed)) : "---\n" + Serialized.Yaml(Without(changed)));
    }

    private string Selection(char first)
    {
        List<string> parts = [];
        if (name is not null) parts.Add("fieldSelector=" + Uri.EscapeDataString($"metadata.name={name}"));
        if (selector is not null) parts.Add("labelSelector=" + Uri.EscapeDataString(selector));
        return parts.Count == 0 ? "" : first + string.Join('&', parts);
    }

    private async Task<JsonObject> ReadAsync(CancellationToken cancellationToken)
    {
        var path = name is null ? type.PathOfCollection(everywhere ? null : session.Namespace) + Selection('?') : type.PathOf(new(session.Namespace, name));
        try
        {
            var answer = JsonNode.Parse(await session.Client.SendForBytesAsync(new() { Method = HttpMethod.Get, Path = path, Accept = IsTable ? AsTable : "application/json" }, cancellationToken))!.AsObject();
            foreach (var item in answer["items"]?.AsArray() ?? []) Without(item!.AsObject());
            return Without(answer);
        }
        catch (KubernetesException error) when (error.IsNotFound)
        {
            throw new CliException(ExitCodes.NotWaiting, name is null
                ? $"The cluster does not know {type}: Berth's CustomResourceDefinitions are not installed; 'berth doctor' says more."
                : $"There is no {type.Kind.ToLowerInvariant()} '{name}' in namespace '{session.Namespace}'; 'berth get {type.Plural}' lists them.");
        }
    }

    // Who owns which field is of no use to people; kubectl leaves it out as well.
    private static JsonObject Without(JsonObject item)
    {
        item["metadata"]?.AsObject().Remove("managedFields");
        return item;
    }

    private void PrintName(JsonNode item) => Console.WriteLine($"{type.Kind.ToLowerInvariant()}.{type.Group}/{item["metadata"]!["name"]}");

    private void PrintTable(JsonObject table, bool first)
    {
        // Rows of a watch carry no column definitions after the first.
        if (table["columnDefinitions"] is JsonArray { Count: > 0 } defined)
            columns = defined.Select((c, i) => (Name: c!["name"]!.GetValue<string>(), Priority: c["priority"]?.GetValue<int>() ?? 0, Index: i)).Where(c => format == OutputFormat.Wide || c.Priority == 0).ToList();
        var rows = (table["rows"]?.AsArray() ?? []).Select(Cells).ToList();
        if (first && rows.Count == 0)
        {
            Console.Error.WriteLine($"There are no {type.Plural}{(everywhere ? "" : $" in namespace '{session.Namespace}'")}{(type == BerthResources.Pools ? "; create one (deploy/samples/pool.yaml is an example), or no task can run" : "")}.");
            return;
        }
        if (first || widths.Count == 0) Console.Write(TextTable.Write(Headings(), rows, widths = TextTable.Widths(Headings(), rows)));
        else foreach (var row in rows) Console.Write(TextTable.Row(row, widths));
    }

    private IReadOnlyList<(string Name, int Priority, int Index)> columns = [];

    private IReadOnlyList<string> Headings() => [.. everywhere ? ["Namespace"] : Array.Empty<string>(), .. columns.Select(c => c.Name)];

    // What is not set is left empty; kubectl writes <none>, which looks like a value.
    private IReadOnlyList<string> Cells(JsonNode? row) =>
    [
        .. everywhere ? [row!["object"]?["metadata"]?["namespace"]?.GetValue<string>() ?? ""] : Array.Empty<string>(),
        .. columns.Select(c => row!["cells"]![c.Index] is { } cell && cell.ToString() is not "<none>" ? cell.ToString() : "-"),
    ];
}
