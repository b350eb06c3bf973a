using Npgsql;

namespace Berth.History.Tests;

/// <summary>A store and a second way to its rows that shares nothing with it.</summary>
public sealed class TestStore(HistoryStore store, string connectionString) : IAsyncDisposable
{
    public HistoryStore Store => store;
    public string ConnectionString => connectionString;

    public async Task<List<object?[]>> RowsAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<object?[]>();
        while (await reader.ReadAsync())
        {
            var row = new object?[reader.FieldCount];
            for (var i = 0; i < row.Length; i++) row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
            rows.Add(row);
        }
        return rows;
    }

    public async Task<T?> OneAsync<T>(string sql) => (await RowsAsync(sql)) is [[T value, ..], ..] ? value : default;

    public Task ExecuteAsync(string sql) => RowsAsync(sql);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
