using Berth.History.Connection;
using Npgsql;
using NpgsqlTypes;

namespace Berth.History.Queries;

/// <summary>Success rate, time per phase and top reasons, over the tasks created in a span of time.</summary>
internal static class StatisticsQuery
{
    private const string Chosen = """
        from berth.tasks k where ($1::text is null or k.namespace = $1) and ($2::text is null or k.workspace = $2) and ($3::text is null or k.pool = $3)
          and ($4::text is null or k.name = $4) and ($5::text is null or k.phase = $5) and ($6::text is null or k.reason = $6)
          and ($7::text is null or k.requested_by = $7 or k.approved_by = $7 or exists (select from berth.approvals a where a.task_uid = k.uid and a.approver = $7)
            or exists (select from berth.transitions x where x.uid = k.uid and x.actor = $7))
          and ($8::timestamptz is null or k.created_at >= $8) and ($9::timestamptz is null or k.created_at < $9)
        """;

    // The wait for the first move is no stay between two.
    private const string Stays = $"""
        select phase, count(*), percentile_cont(0.5) within group (order by seconds), percentile_cont(0.95) within group (order by seconds), max(seconds) from (
          select t.to_phase as phase, extract(epoch from lead(t.at) over (partition by t.uid order by t.seq) - t.at)::float8 as seconds
          from berth.transitions t where t.uid in (select k.uid {Chosen})
          union all select 'Pending', greatest(0, extract(epoch from t.at - f.created_at))::float8
          from berth.transitions t join berth.tasks f on f.uid = t.uid where t.seq = 1 and t.uid in (select k.uid {Chosen})) s
        where seconds is not null group by phase order by phase
        """;

    private const string Reasons = $"""
        select t.reason, count(*) from berth.transitions t where t.uid in (select k.uid {Chosen}) and t.reason <> '' and t.to_phase <> 'Succeeded'
          group by t.reason order by count(*) desc, t.reason limit 10
        """;

    public static Task<HistoryStatistics> RunAsync(HistoryConnections connections, TaskFilter filter, CancellationToken cancellation) =>
        connections.RunAsync("compute statistics", async (connection, token) =>
        {
            var phases = await ReadAsync(connection, $"select k.phase, count(*) {Chosen} group by k.phase", filter, r => (r.GetString(0), r.GetInt64(1)), token).ConfigureAwait(false);
            var byPhase = phases.ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal);
            var ended = byPhase.Where(p => Enum.TryParse<Api.TaskPhase>(p.Key, out var phase) && Api.TaskPhases.IsTerminal(phase)).Sum(p => p.Value);
            return new HistoryStatistics
            {
                Tasks = byPhase.Values.Sum(),
                ByPhase = byPhase,
                SuccessRate = ended == 0 ? null : (double)byPhase.GetValueOrDefault(nameof(Api.TaskPhase.Succeeded)) / ended,
                Stages = await ReadAsync(connection, Stays, filter, r => new StageTime(r.GetString(0), r.GetInt64(1), r.GetDouble(2), r.GetDouble(3), r.GetDouble(4)), token).ConfigureAwait(false),
                TopReasons = await ReadAsync(connection, Reasons, filter, r => new ReasonCount(r.GetString(0), r.GetInt64(1)), token).ConfigureAwait(false),
            };
        }, cancellation);

    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, TaskFilter filter, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var text in (string?[])[filter.Namespace, filter.Workspace, filter.Pool, filter.Name, filter.Phase?.ToString(), filter.Reason, filter.Person])
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        foreach (var at in (DateTimeOffset?[])[Moments.Normal(filter.Since), Moments.Normal(filter.Until)])
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)at ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false)) rows.Add(read(reader));
        return rows;
    }
}
