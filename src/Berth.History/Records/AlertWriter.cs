using Npgsql;

namespace Berth.History.Records;

/// <summary>Alerts; later writes of one alert resolve or acknowledge it.</summary>
internal static class AlertWriter
{
    private const string Upsert = """
        insert into berth.alerts as a (id, at, name, severity, subject, message, detail, resolved_at, acknowledged_by)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
          on conflict (id) do update set resolved_at = coalesce(a.resolved_at, excluded.resolved_at), acknowledged_by = coalesce(a.acknowledged_by, excluded.acknowledged_by)
        """;

    public static Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<AlertRecord> alerts, CancellationToken cancellation) =>
        RowParameters.SendAsync(connection, alerts.OrderBy(a => a.Id).Select(a => new NpgsqlBatchCommand(Upsert).Id(a.Id).Time(a.At).Text(a.Name).Text(a.Severity)
            .Text(a.Subject).Text(a.Message).Json(a.DetailJson).Time(a.ResolvedAt).Text(a.AcknowledgedBy)), cancellation);
}
