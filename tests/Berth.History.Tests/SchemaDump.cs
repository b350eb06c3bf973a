using System.Diagnostics;
using System.Text;
using Berth.Api;
using Berth.Testing;
using Npgsql;
using Xunit;

namespace Berth.History.Tests;

/// <summary>
/// Databases that older versions made: each file of <c>Schemas</c> is a dump of one that the program of that version filled through its own
/// calls. With BERTH_GENERATE=1 this version's is written, which is done once, when its migration is finished.
/// </summary>
public static class SchemaDump
{
    public static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln"))) return Path.Combine(folder.FullName, "tests", "Berth.History.Tests", "Schemas");
        throw new InvalidOperationException("the tests do not run in the source tree");
    }

    /// <summary>One of everything that a program stores.</summary>
    public static async Task FillAsync(HistoryStore store)
    {
        foreach (var (uid, phase) in ((string, TaskPhase)[])[("old-done", TaskPhase.Succeeded), ("old-open", TaskPhase.ApplyPending)])
        {
            await store.WriteTransitionsAsync([Make.Batch(Make.Task(uid, phase, uid), 0, Make.Entry(1), Make.Entry(2), Make.Entry(3, phase))]);
            await store.WriteAttemptsAsync([new AttemptRecord { TaskUid = uid, Attempt = new AttemptStatus { Id = uid + "-1", Pod = "pool-a", PodUid = "pod-1", OrderedAt = Make.Start, Outcome = "Succeeded" } }]);
            await store.AppendLogAsync(new LogAppend { TaskUid = uid, Attempt = uid + "-1", Bytes = Encoding.UTF8.GetBytes("first line\n") });
            await store.AppendLogAsync(new LogAppend { TaskUid = uid, Attempt = uid + "-1", Offset = 11, Bytes = Encoding.UTF8.GetBytes("second line\n") });
            await store.CompleteLogAsync(uid, uid + "-1");
        }
        var bytes = Encoding.UTF8.GetBytes("the plan of an older version");
        await store.PutArtifactAsync(new MemoryStream(bytes), new ArtifactLink { TaskUid = "old-open", Attempt = "old-open-1", Kind = ArtifactKinds.Plan, Path = "plan.bin", Digest = Digests.Of(bytes), Size = bytes.Length });
        await store.PutCheckpointAsync(new MemoryStream(bytes), new CheckpointRecord { TaskUid = "old-open", Attempt = "old-open-1", Number = 1, Digest = Digests.Of(bytes), Size = bytes.Length });
        await store.WriteApprovalsAsync([new ApprovalResource { Metadata = new ResourceMeta { Uid = "approval-1", Name = "ok", Namespace = "team-a", CreationTimestamp = Make.Start }, Spec = new ApprovalSpec { TaskRef = new TaskReference { Name = "old-done", Uid = "old-done" }, Run = 1, Workspace = "prod", Decision = ApprovalDecision.Approve, Approver = "alice" } }]);
        await store.WriteAlertsAsync([new AlertRecord { At = Make.Start, Name = "Told", Severity = "warning", Subject = "old-open", Message = "somebody was told" }]);
        await store.WriteAuditAsync([new AuditRecord { At = Make.Start, Actor = "alice", Verb = "approve", Kind = "Task", Uid = "old-done", Outcome = "Accepted" }]);
    }

    /// <summary>Puts a dump into an empty database.</summary>
    public static async Task RestoreAsync(string file, string connectionString)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        // Lines with a backslash are for psql.
        var sql = string.Join('\n', (await File.ReadAllLinesAsync(file)).Where(l => !l.StartsWith('\\')));
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Writes the dump of a database.</summary>
    public static async Task WriteAsync(string connectionString, string file)
    {
        var at = new NpgsqlConnectionStringBuilder(connectionString);
        string[] arguments = ["--inserts", "--column-inserts", "--no-owner", "--no-privileges", "-h", at.Host!, "-p", at.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "-U", at.Username!, "-f", file, at.Database!];
        var binary = Path.Combine(PostgresServer.FindBinaries()!, "pg_dump");
        using var dump = Process.Start(new ProcessStartInfo(File.Exists(binary) ? binary : "pg_dump", arguments))!;
        await dump.WaitForExitAsync();
        Assert.Equal(0, dump.ExitCode);
    }
}
