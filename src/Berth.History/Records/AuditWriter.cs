using Npgsql;

namespace Berth.History.Records;

/// <summary>The audit of verbs: written once, never changed. Tasks are locked in order of uid, as the outbox does.</summary>
internal static class AuditWriter
{
    private const string Insert = """
        insert into berth.audit (id, at, actor, verb, kind, namespace, name, uid, outcome, detail)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
        """;

    // A task without finalizers goes without a last status: only whoever saw it go knows.
    private const string MarkDeleted = "update berth.tasks set deleted_at = $2 where uid = $1 and deleted_at is null";

    public static Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<AuditRecord> records, CancellationToken cancellation) =>
        RowParameters.SendAsync(connection, [.. records.OrderBy(r => r.Id).Select(Row), .. records.Where(r => r is { Verb: AuditRecord.Delete, Kind: "Task", Uid: not null }).OrderBy(r => r.Uid, StringComparer.Ordinal).Select(r => new NpgsqlBatchCommand(MarkDeleted).Text(r.Uid).Time(r.At))], cancellation);

    private static NpgsqlBatchCommand Row(AuditRecord r) => new NpgsqlBatchCommand(Insert).Id(r.Id).Time(r.At).Text(r.Actor).Text(r.Verb)
        .Text(r.Kind).Text(r.Namespace).Text(r.Name).Text(r.Uid).Text(r.Outcome).Json(r.DetailJson);
}
