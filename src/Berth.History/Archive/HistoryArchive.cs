using System.Data;
using System.IO.Compression;
using System.Text.Json;
using Berth.History.Connection;
using Berth.History.Schema;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Berth.History.Archive;

/// <summary>
/// Backups: every table as one entry of a zip archive, all from one snapshot, with a manifest of counts and digests. Chunks stay as they
/// are stored, so an encrypted history is an encrypted backup, and needs the same keys.
/// </summary>
internal sealed class HistoryArchive(HistoryConnections connections, TimeProvider time)
{
    private const string Folder = "history/";
    private const string ManifestName = Folder + "manifest.json";

    /// <summary>Tables and their columns, from the model.</summary>
    private static readonly Lazy<IReadOnlyList<(string Name, IReadOnlyList<string> Columns)>> Tables = new(ReadTables);

    public Task<ArchiveManifest> WriteAsync(ZipArchive archive, Action<string>? tell, CancellationToken cancellation)
    {
        var begun = false;
        return connections.RunAsync("write a backup", async (connection, token) =>
        {
            // An entry that was begun cannot be taken back: a connection that breaks ends the backup, not the archive's truth.
            if (begun) throw new ArchiveException("The connection to PostgreSQL broke while the backup was written; begin again with a new archive.");
            begun = true;
            await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, token).ConfigureAwait(false);
            var schema = await SchemaMigrator.CheckAsync(connection, token).ConfigureAwait(false);
            var tables = new List<ArchivedTable>();
            foreach (var (name, columns) in Tables.Value) tables.Add(await WriteTableAsync(connection, archive, name, columns, tell, token).ConfigureAwait(false));
            var manifest = new ArchiveManifest { At = time.GetUtcNow(), Schema = schema, Tables = tables };
            await using var entry = archive.CreateEntry(ManifestName).Open();
            await JsonSerializer.SerializeAsync(entry, manifest, ArchiveJson.Default.ArchiveManifest, token).ConfigureAwait(false);
            return manifest;
        }, cancellation);
    }

    /// <summary>Reads every byte and compares it with the manifest.</summary>
    public static async Task<ArchiveManifest> VerifyAsync(ZipArchive archive, Action<string>? tell, CancellationToken cancellation)
    {
        var manifest = await ReadManifestAsync(archive, cancellation).ConfigureAwait(false);
        foreach (var table in manifest.Tables)
        {
            await using var content = Open(archive, table);
            await using var hashing = new HashingStream(content, bytes => tell?.Invoke(Done("verifying", table.Name, bytes)));
            try
            {
                await hashing.CopyToAsync(Stream.Null, cancellation).ConfigureAwait(false);
            }
            catch (InvalidDataException e)
            {
                throw Damaged(table, e);
            }
            Check(table, hashing);
        }
        return manifest;
    }

    /// <summary>
    /// Fills an empty database, or adds to one that was begun anew: verified first, all tables in one transaction, brought up to this program's schema.
    /// </summary>
    public async Task<ArchiveManifest> RestoreAsync(ZipArchive archive, bool merge, Action<string>? tell, CancellationToken cancellation)
    {
        var manifest = await VerifyAsync(archive, tell, cancellation).ConfigureAwait(false);
        if (!SchemaMigrator.Known.Contains(manifest.Schema))
            throw new ArchiveException($"The backup was made with schema {manifest.Schema}, which this program does not know. Restore it with the version of Berth that made it, or a newer one.");
        var migrator = new SchemaMigrator(connections);
        if (!merge) await connections.RunAsync("look whether the database is empty", RefuseUsedAsync, cancellation).ConfigureAwait(false);
        await migrator.MigrateAsync(merge ? null : manifest.Schema, cancellation).ConfigureAwait(false);
        await connections.TransactAsync("restore a backup", async (connection, token) =>
        {
            if (merge) await HistoryMerge.BeginAsync(connection, manifest.Tables, Patience, token).ConfigureAwait(false);
            else await RefuseUsedAsync(connection, token).ConfigureAwait(false);
            foreach (var table in manifest.Tables)
            {
                tell?.Invoke($"restoring {table.Name}, {table.Rows} rows");
                await RestoreTableAsync(connection, archive, table, merge ? HistoryMerge.Staged(table.Name) : "berth." + table.Name, token).ConfigureAwait(false);
            }
            if (merge) await HistoryMerge.FinishAsync(connection, manifest.Tables, Patience, token).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
        await migrator.MigrateAsync(null, cancellation).ConfigureAwait(false);
        return manifest;
    }

    private async Task<ArchivedTable> WriteTableAsync(NpgsqlConnection connection, ZipArchive archive, string name, IReadOnlyList<string> columns, Action<string>? tell, CancellationToken cancellation)
    {
        await using var count = new NpgsqlCommand($"select count(*) from berth.{name}", connection) { CommandTimeout = Patience };
        var rows = (long)(await count.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
        tell?.Invoke($"writing {name}, {rows} rows");
        await using var entry = archive.CreateEntry(Folder + name, CompressionLevel.Fastest).Open();
        await using var hashing = new HashingStream(entry, bytes => tell?.Invoke(Done("writing", name, bytes)));
        await using (var copy = await connection.BeginRawBinaryCopyAsync($"copy (select {string.Join(", ", columns)} from berth.{name}) to stdout (format binary)", cancellation).ConfigureAwait(false))
            await copy.CopyToAsync(hashing, cancellation).ConfigureAwait(false);
        return new ArchivedTable { Name = name, Columns = columns, Rows = rows, Bytes = hashing.Count, Digest = hashing.Digest() };
    }

    private async Task RestoreTableAsync(NpgsqlConnection connection, ZipArchive archive, ArchivedTable table, string into, CancellationToken cancellation)
    {
        if (!Tables.Value.Any(t => t.Name == table.Name) || !table.Columns.All(c => c.All(l => char.IsAsciiLetterLower(l) || l == '_')))
            throw new ArchiveException($"The backup has a table '{table.Name}' that is none of Berth's.");
        await using (var content = Open(archive, table))
        await using (var copy = await connection.BeginRawBinaryCopyAsync($"copy {into} ({string.Join(", ", table.Columns)}) from stdin (format binary)", cancellation).ConfigureAwait(false))
        {
            (copy.ReadTimeout, copy.WriteTimeout) = (Patience * 1000, Patience * 1000);
            await content.CopyToAsync(copy, cancellation).ConfigureAwait(false);
        }
        await using var count = new NpgsqlCommand($"select count(*) from {into}", connection) { CommandTimeout = Patience };
        var rows = (long)(await count.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
        if (rows != table.Rows) throw new ArchiveException($"Table {table.Name}: {rows} rows were restored where the backup has {table.Rows}. Nothing was kept.");
    }

    private static string Done(string doing, string table, long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{doing} {table}, {bytes >> 20} MiB so far");

    private int Patience => (int)connections.Options.MigrationCommandTimeout.TotalSeconds;

    private static async Task RefuseUsedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var exists = new NpgsqlCommand("select to_regclass('berth.tasks') is not null", connection);
        if (!(bool)(await exists.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!) return;
        await using var used = new NpgsqlCommand("select exists (select from berth.tasks) or exists (select from berth.artifacts) or exists (select from berth.audit) or exists (select from berth.logs)", connection);
        if ((bool)(await used.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!)
            throw new ArchiveException("The database has a history already. Restore into an empty one: create it, and point the connection string there. If an operator has begun a new history there since the loss: add what is missing to it with --merge.");
    }

    private static async Task<ArchiveManifest> ReadManifestAsync(ZipArchive archive, CancellationToken cancellation)
    {
        var entry = archive.GetEntry(ManifestName) ?? throw new ArchiveException($"The archive has no {ManifestName}: it is not a backup of Berth's history, or was cut off.");
        try
        {
            await using var content = entry.Open();
            var manifest = await JsonSerializer.DeserializeAsync(content, ArchiveJson.Default.ArchiveManifest, cancellation).ConfigureAwait(false);
            return manifest is { Version: 1 } ? manifest : throw new ArchiveException($"The backup has form {manifest?.Version}; this program reads form 1. Use a newer version of Berth.");
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            throw new ArchiveException($"{ManifestName} cannot be read: the archive is damaged.", e);
        }
    }

    private static Stream Open(ZipArchive archive, ArchivedTable table)
    {
        try
        {
            return archive.GetEntry(Folder + table.Name)?.Open() ?? throw Damaged(table, null);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(table, e);
        }
    }

    private static void Check(ArchivedTable table, HashingStream read)
    {
        if (read.Count != table.Bytes || read.Digest() != table.Digest) throw Damaged(table, null);
    }

    private static ArchiveException Damaged(ArchivedTable table, Exception? inner) =>
        new($"The backup's table {table.Name} is missing or damaged: it does not have digest {table.Digest}. Use another backup.", inner);

    private static IReadOnlyList<(string, IReadOnlyList<string>)> ReadTables()
    {
        using var context = new HistoryContextFactory().CreateDbContext([]);
        return [.. context.Model.GetEntityTypes().OrderBy(e => e.GetTableName(), StringComparer.Ordinal)
            .Select(e => (e.GetTableName()!, (IReadOnlyList<string>)[.. e.GetProperties().Select(p => p.GetColumnName()).Order(StringComparer.Ordinal)]))];
    }
}
