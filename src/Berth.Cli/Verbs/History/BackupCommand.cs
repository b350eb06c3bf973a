using System.CommandLine;
using System.IO.Compression;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>Resources and history in one archive.</summary>
internal static class BackupCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var file = new Argument<string>("file") { Description = "The archive to write; it must not exist." };
        var database = new DatabaseOptions();
        var command = new Command("backup", "Write tasks, pools and Approvals of every namespace and the whole history into one verified archive. Opens the database.") { file };
        database.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var path = result.GetValue(file)!;
            if (File.Exists(path)) throw new CliException(ExitCodes.Usage, $"{path} exists; a backup overwrites nothing.");
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory && !Directory.Exists(directory)) throw new CliException(ExitCodes.Usage, $"There is no directory {directory}; make it first.");
            using var session = cluster.Open(result);
            await using var store = await database.OpenAsync(result, session, cancellationToken);
            // Under another name until it was read back whole: half a backup must not look like one.
            var partial = path + ".partial";
            var counts = await WriteAsync(session, store, partial, cancellationToken);
            File.Move(partial, path);
            await DatabaseOptions.NoteAsync(store, session, "backup", "Done", counts, cancellationToken);
            Console.WriteLine($"{path}: {counts}; read back and verified.");
            Console.WriteLine("Sealed plans and logs need their keys: keep a copy of Secret berth-history-keys apart from this file.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<string> WriteAsync(ClusterSession session, HistoryStore store, string partial, CancellationToken cancellationToken)
    {
        using var progress = new Progress();
        try
        {
            await using (var stream = new FileStream(partial, FileMode.Create))
            {
                if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(partial, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                using var archive = new ZipArchive(stream, ZipArchiveMode.Create);
                // Resources first: whatever they call acknowledged is then in the history's snapshot.
                await ClusterArchive.WriteAsync(session.Client, archive, cancellationToken);
                await store.WriteBackupAsync(archive, progress.Tell, cancellationToken);
            }
            using var written = ZipFile.OpenRead(partial);
            var resources = await ClusterArchive.ReadAsync(written, cancellationToken);
            var history = await HistoryStore.VerifyBackupAsync(written, progress.Tell, cancellationToken);
            return $"{resources.Tasks.Count} tasks, {resources.Pools.Count} pools, {resources.Approvals.Count} Approvals, {history.Tables.Sum(t => t.Rows)} rows of history";
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
