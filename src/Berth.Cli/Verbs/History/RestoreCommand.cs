using System.CommandLine;
using System.IO.Compression;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>Brings back what was lost: the database, the cluster, or both.</summary>
internal static class RestoreCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var file = new Argument<string>("file") { Description = "An archive that 'berth backup' wrote." };
        var historyOnly = new Option<bool>("--history-only") { Description = "The cluster is there, only the database was lost." };
        var resourcesOnly = new Option<bool>("--resources-only") { Description = "The database is there, only the cluster was lost. What the database knows of a task counts more than the archive." };
        var merge = new Option<bool>("--merge") { Description = "The database is not empty: an operator has begun a new history there since the loss. Add what it lacks." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Ask nothing." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Verify the archive, say what would come back, and change nothing." };
        var database = new DatabaseOptions();
        var command = new Command("restore", "Restore a backup into an empty cluster and an empty database. Tasks come back suspended or over: nothing runs until somebody resumes it. Opens the database.") { file, historyOnly, resourcesOnly, merge, yes, dryRun };
        database.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (path, history, resources) = (result.GetValue(file)!, !result.GetValue(resourcesOnly), !result.GetValue(historyOnly));
            if (!history && !resources) throw new CliException(ExitCodes.Usage, "--history-only and --resources-only exclude each other.");
            if (!history && result.GetValue(merge)) throw new CliException(ExitCodes.Usage, "--merge is about the database, and --resources-only leaves it alone.");
            using var archive = ClusterArchive.Open(path);
            using var session = cluster.Open(result);
            await using var store = await database.OpenAsync(result, session, cancellationToken);
            // Everything is checked before anything is changed.
            var saved = await ClusterArchive.ReadAsync(archive, cancellationToken);
            using (var progress = new Progress()) await HistoryStore.VerifyBackupAsync(archive, progress.Tell, cancellationToken);
            var restore = new ClusterRestore(session.Client, store, await DatabaseOptions.ActorAsync(session, cancellationToken));
            if (resources) await restore.RefuseUsedAsync(cancellationToken);
            if (result.GetValue(dryRun))
            {
                Console.WriteLine($"{path} of {saved.At:yyyy-MM-dd HH:mm} UTC is whole.");
                if (history) Console.WriteLine("history: all of it would be restored");
                if (resources) foreach (var line in ClusterRestore.Forecast(saved)) Console.WriteLine(line);
                Console.WriteLine("dry run; nothing changed");
                return ExitCodes.Done;
            }
            if (!result.GetValue(yes)) Question.MustConfirm($"Restore {path} of {saved.At:yyyy-MM-dd HH:mm} UTC {(resources ? $"into {session.Client.Server}" : "into the database")}?", "give --yes.");
            if (history)
            {
                ArchiveManifest manifest;
                using (var progress = new Progress()) manifest = await store.RestoreBackupAsync(archive, result.GetValue(merge), progress.Tell, cancellationToken);
                Console.WriteLine($"history: {manifest.Tables.Sum(t => t.Rows)} rows of {manifest.At:yyyy-MM-dd HH:mm} UTC{(result.GetValue(merge) ? ", added where they were missing" : "")}");
            }
            if (resources) foreach (var line in await restore.RunAsync(saved, cancellationToken)) Console.WriteLine(line);
            await DatabaseOptions.NoteAsync(store, session, "restore", "Done", $"{Path.GetFileName(path)} of {saved.At:O}{(history ? ", history" : "")}{(resources ? ", resources" : "")}", cancellationToken);
            Console.WriteLine("Look at everything with: berth verify");
            return ExitCodes.Done;
        });
        return command;
    }
}
