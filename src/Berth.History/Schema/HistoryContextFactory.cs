using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Berth.History.Schema;

/// <summary>Makes contexts; the design-time interface is what <c>dotnet ef migrations add</c> asks for.</summary>
internal sealed class HistoryContextFactory : IDesignTimeDbContextFactory<HistoryContext>
{
    /// <inheritdoc />
    public HistoryContext CreateDbContext(string[] args) => new(Options(b => b.UseNpgsql(o => o.MigrationsHistoryTable(HistoryContext.MigrationsTable, HistoryContext.SchemaName))));

    /// <summary>A context on a connection that the caller owns.</summary>
    public static HistoryContext On(NpgsqlConnection connection, TimeSpan commandTimeout) => new(Options(b => b.UseNpgsql(connection, o => o
        .MigrationsHistoryTable(HistoryContext.MigrationsTable, HistoryContext.SchemaName)
        // HistoryConnections decides about a second try; the provider's own strategy hides errors in others.
        .ExecutionStrategy(d => new NonRetryingExecutionStrategy(d))
        .CommandTimeout((int)Math.Ceiling(commandTimeout.TotalSeconds)))));

    private static DbContextOptions<HistoryContext> Options(Action<DbContextOptionsBuilder<HistoryContext>> configure)
    {
        var builder = new DbContextOptionsBuilder<HistoryContext>();
        configure(builder);
        return builder.UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking).Options;
    }
}
