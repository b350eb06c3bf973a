using System.CommandLine;
using System.IO.Compression;
using System.Text.Json;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>Compares the cluster, the database and the artifacts; or reads an archive to its last byte.</summary>
internal static class VerifyCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var file = new Argument<string?>("file") { Description = "A backup to verify, instead of what is live.", Arity = ArgumentArity.ZeroOrOne };
        var shallow = new Option<bool>("--shallow") { Description = "Do not read every stored byte." };
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json);
        var database = new DatabaseOptions();
        var command = new Command("verify", "Name every difference between the cluster, the database and the artifacts; exit code 1 if there is one. Opens the database.") { file, shallow, output };
        database.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            if (result.GetValue(file) is { } path) return await ArchiveAsync(path, cancellationToken);
            using var session = cluster.Open(result);
            await using var store = await database.OpenAsync(result, session, cancellationToken);
            var tasks = await session.Client.ListAsync(BerthResources.Tasks, null, cancellationToken: cancellationToken);
            IReadOnlyList<HistoryDefect> defects;
            using (var progress = new Progress()) defects = await store.VerifyAsync([.. tasks.Items], deep: !result.GetValue(shallow), progress.Tell, cancellationToken);
            Console.Write(result.GetValue(output) == OutputFormat.Json
                ? Serialized.Json(JsonSerializer.SerializeToNode(defects, HistoryJson.Default.IReadOnlyListHistoryDefect)!)
                : defects.Count == 0 ? $"No difference: {tasks.Items.Count} tasks of the cluster, the database, its artifacts and logs agree.\n"
                : TextTable.Write(["Kind", "Subject", "Message"], [.. defects.Select(d => (IReadOnlyList<string>)[d.Kind, d.Subject, d.Message])])
                    + "\n" + string.Concat(defects.DistinctBy(d => d.Kind).Select(d => $"{Paint.Bold(d.Kind)}: {d.Remedy}\n")));
            return defects.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static async Task<int> ArchiveAsync(string path, CancellationToken cancellationToken)
    {
        using var archive = ClusterArchive.Open(path);
        var resources = await ClusterArchive.ReadAsync(archive, cancellationToken);
        ArchiveManifest history;
        using (var progress = new Progress()) history = await HistoryStore.VerifyBackupAsync(archive, progress.Tell, cancellationToken);
        Console.WriteLine($"{path}: whole. {resources.Tasks.Count} tasks, {resources.Pools.Count} pools, {resources.Approvals.Count} Approvals; {history.Tables.Sum(t => t.Rows)} rows of history, schema {history.Schema}, of {history.At:yyyy-MM-dd HH:mm} UTC.");
        return ExitCodes.Done;
    }
}
