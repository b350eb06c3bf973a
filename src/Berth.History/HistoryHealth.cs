using System.Diagnostics;
using Berth.History.Connection;
using Berth.History.Schema;
using Npgsql;

namespace Berth.History;

/// <summary>A database that answers, takes writes and has the right schema.</summary>
public sealed record HistoryHealth
{
    /// <summary>Version of the server.</summary>
    public string ServerVersion { get; init; } = "";

    /// <summary>Newest migration.</summary>
    public string Schema { get; init; } = "";

    /// <summary>How long the answer took, opening the connection included.</summary>
    public TimeSpan Latency { get; init; }

    internal static async Task<HistoryHealth> AskAsync(HistoryConnections connections, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        return await connections.RunAsync("ask whether it is well", async (connection, token) =>
        {
            await using var command = new NpgsqlCommand("select current_setting('transaction_read_only') = 'on'", connection);
            if ((bool)(await command.ExecuteScalarAsync(token).ConfigureAwait(false))!)
                throw HistoryFaults.ReadOnly();
            var schema = await SchemaMigrator.CheckAsync(connection, token).ConfigureAwait(false);
            return new HistoryHealth { ServerVersion = connection.ServerVersion, Schema = schema, Latency = watch.Elapsed };
        }, cancellation).ConfigureAwait(false);
    }
}
