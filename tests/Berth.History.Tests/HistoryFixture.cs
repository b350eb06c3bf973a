using Berth.History.Tests;
using Berth.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(HistoryFixture))]

namespace Berth.History.Tests;

/// <summary>One server for all cases that do not break it; each case has a database of its own, cloned from one that is migrated.</summary>
public sealed class HistoryFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim cloning = new(1, 1);
    private string? template;

    public PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await PostgresServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A store on a new, migrated database.</summary>
    public async Task<TestStore> StoreAsync(HistoryOptions? options = null, TimeProvider? time = null)
    {
        await cloning.WaitAsync();
        try
        {
            template ??= await TemplateAsync();
            var connection = await Server.CreateDatabaseAsync(template);
            return new TestStore(new HistoryStore(connection, options, time), connection);
        }
        finally
        {
            cloning.Release();
        }
    }

    private async Task<string> TemplateAsync()
    {
        var connection = await Server.CreateDatabaseAsync();
        await using var store = new HistoryStore(connection + ";Pooling=false");
        await store.MigrateAsync();
        return new Npgsql.NpgsqlConnectionStringBuilder(connection).Database!;
    }
}
