using Npgsql;

namespace Berth.History.Records;

/// <summary>The audit of verbs: written once, never changed.</summary>
internal static class AuditWriter
{
    private const string Insert = """
        insert into berth.audit (id, at, actor, verb, kind, namespace, name, uid, outcome, detail)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
        """;

    public static Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<AuditRecord> records, CancellationToken cancellation) =>
        RowParameters.SendAsync(connection, records.OrderBy(r => r.Id).Select(r => new NpgsqlBatchCommand(Insert).Id(r.Id).Time(r.At).Text(r.Actor).Text(r.Verb)
            .Text(r.Kind).Text(r.Namespace).Text(r.Name).Text(r.Uid).Text(r.Outcome).Json(r.DetailJson)), cancellation);
}
