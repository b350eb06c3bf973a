using Berth.History.Schema;
using Npgsql;

namespace Berth.History.Connection;

/// <summary>Opens connections, runs work on them, turns errors into typed ones. Nothing else here touches a connection's life.</summary>
internal sealed class HistoryConnections : IAsyncDisposable
{
    private readonly NpgsqlDataSource source;
    private readonly bool owned;

    public HistoryConnections(string connectionString, HistoryOptions options)
    {
        Options = options;
        var text = HistoryConnectionString.Complete(connectionString, options);
        var several = text.Host?.Contains(',', StringComparison.Ordinal) == true;
        var attributes = text.TargetSessionAttributes;
        text.TargetSessionAttributes = null;
        var builder = new NpgsqlDataSourceBuilder(text.ConnectionString);
        source = several
            ? builder.BuildMultiHost().WithTargetSession(Enum.TryParse<TargetSessionAttributes>(attributes?.Replace("-", "", StringComparison.Ordinal), true, out var wanted) ? wanted : TargetSessionAttributes.ReadWrite)
            : builder.Build();
        owned = true;
    }

    public HistoryConnections(NpgsqlDataSource source, HistoryOptions options)
    {
        Options = options;
        this.source = source;
    }

    public HistoryOptions Options { get; }

    /// <summary>
    /// Runs work on a pooled connection. Everything the history does may be done twice, so a connection that turns out to be broken
    /// (a server restarted since the last call) costs one more try, not a failed call.
    /// </summary>
    public async Task<T> RunAsync<T>(string doing, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
                return await work(connection, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (attempt < 3 && HistoryFaults.ConnectionBroke(e) && !cancellation.IsCancellationRequested)
            {
                source.Clear();
            }
            catch (Exception e) when (HistoryFaults.Knows(e))
            {
                throw HistoryFaults.From(e, doing);
            }
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(string doing, Func<NpgsqlConnection, CancellationToken, Task> work, CancellationToken cancellation) =>
        RunAsync(doing, async (c, t) => { await work(c, t).ConfigureAwait(false); return true; }, cancellation);

    /// <summary>Runs work in a transaction, committed when it returns.</summary>
    public Task<T> TransactAsync<T>(string doing, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellation) =>
        RunAsync(doing, async (connection, token) =>
        {
            await using var transaction = await connection.BeginTransactionAsync(token).ConfigureAwait(false);
            var result = await work(connection, token).ConfigureAwait(false);
            await transaction.CommitAsync(token).ConfigureAwait(false);
            return result;
        }, cancellation);

    /// <summary>Runs a query through EF Core.</summary>
    public Task<T> QueryAsync<T>(string doing, Func<HistoryContext, CancellationToken, Task<T>> work, CancellationToken cancellation) =>
        RunAsync(doing, async (connection, token) =>
        {
            await using var context = HistoryContextFactory.On(connection, Options.CommandTimeout);
            return await work(context, token).ConfigureAwait(false);
        }, cancellation);

    public ValueTask DisposeAsync() => owned ? source.DisposeAsync() : ValueTask.CompletedTask;
}
