using System.Net.Sockets;
using Npgsql;

namespace Berth.History;

/// <summary>The one table that says what an error of Npgsql or PostgreSQL means and what to do about it.</summary>
internal static class HistoryFaults
{
    private sealed record Row(string SqlState, HistoryUnavailableReason Reason, bool Retryable, string Advice);

    // A state of two letters stands for its whole class; exact states come first.
    private static readonly Row[] Table =
    [
        new("25006", HistoryUnavailableReason.ReadOnly, true, "PostgreSQL takes no writes (a standby, or default_transaction_read_only). Point the connection string at the primary: several hosts and Target Session Attributes=read-write follow a failover by themselves."),
        new("53100", HistoryUnavailableReason.DiskFull, true, "PostgreSQL has no disk space left. Free or add space, or shorten the retention and run 'berth cleanup'; tasks go on meanwhile."),
        new("53300", HistoryUnavailableReason.Overloaded, true, "PostgreSQL has no free connection. Raise max_connections, or lower Maximum Pool Size in the connection string."),
        new("53", HistoryUnavailableReason.Overloaded, true, "PostgreSQL lacks memory or another resource. Look at its log."),
        new("28", HistoryUnavailableReason.WrongPassword, false, "PostgreSQL refuses the user or the password. Correct the Secret with the connection string and restart the operator; tasks go on meanwhile."),
        new("3D000", HistoryUnavailableReason.Misconfigured, false, "The database does not exist. Create it, or correct Database in the connection string."),
        new("42501", HistoryUnavailableReason.NotAllowed, false, "The database user lacks a right. It must own the schema 'berth', or be granted create on the database before the first start."),
        new("42P01", HistoryUnavailableReason.SchemaOlder, false, "A table is missing: the schema is older than this program or was never made. An operator of this version brings it up to date within a minute; look at its log if it did not."),
        new("42703", HistoryUnavailableReason.SchemaOlder, false, "A column is missing: the schema is older than this program. An operator of this version brings it up to date within a minute; look at its log if it did not."),
        new("3F000", HistoryUnavailableReason.SchemaOlder, false, "The schema 'berth' is missing. An operator of this version brings it up to date within a minute; look at its log if it did not."),
        new("57014", HistoryUnavailableReason.Timeout, true, "PostgreSQL gave the statement up for taking too long. Look for locks and slow disks there."),
        new("55P03", HistoryUnavailableReason.Timeout, true, "A lock was not to be had in time. Look for long transactions in pg_stat_activity."),
        new("40", HistoryUnavailableReason.Overloaded, true, "PostgreSQL rolled the transaction back in favour of another one."),
        new("57P", HistoryUnavailableReason.Unreachable, true, "PostgreSQL is starting, stopping or recovering."),
        new("08", HistoryUnavailableReason.Unreachable, true, "The connection to PostgreSQL broke."),
        new("58", HistoryUnavailableReason.Refused, true, "PostgreSQL reports an error of its operating system. Look at its log and its disk."),
        new("XX", HistoryUnavailableReason.Refused, false, "PostgreSQL reports an internal error or damaged data. Look at its log; restore from a backup if data is damaged."),
    ];

    /// <summary>Whether an exception is one that the table speaks about.</summary>
    public static bool Knows(Exception error) => error is NpgsqlException or SocketException or IOException or TimeoutException;

    /// <summary>Makes the typed exception.</summary>
    public static HistoryUnavailableException From(Exception error, string doing)
    {
        var (reason, retryable, advice) = Classify(error);
        return new HistoryUnavailableException(reason, retryable, $"History: could not {doing}: {advice} ({Detail(error)})", error);
    }

    /// <summary>Whether the connection was at fault and not what was asked, so that one more try on a fresh connection is worth it.</summary>
    public static bool ConnectionBroke(Exception error) => error switch
    {
        PostgresException e => e.SqlState.StartsWith("57P0", StringComparison.Ordinal) && e.SqlState != "57P03" || e.SqlState is "40001" or "40P01",
        NpgsqlException { InnerException: TimeoutException } => false,
        NpgsqlException { InnerException: IOException or SocketException or ObjectDisposedException } => true,
        _ => false,
    };

    /// <summary>For a server that was asked and said that it takes no writes.</summary>
    public static HistoryUnavailableException ReadOnly() => new(Table[0].Reason, Table[0].Retryable, "History: " + Table[0].Advice);

    private static (HistoryUnavailableReason, bool, string) Classify(Exception error)
    {
        for (Exception? e = error; e is not null; e = e.InnerException)
        {
            if (e is PostgresException postgres)
            {
                var row = Array.Find(Table, r => postgres.SqlState.StartsWith(r.SqlState, StringComparison.Ordinal));
                return row is null
                    ? (HistoryUnavailableReason.Refused, false, "PostgreSQL refused a statement. Please report this with the text in brackets.")
                    : (row.Reason, row.Retryable, row.Advice);
            }
            if (e is TimeoutException) return (HistoryUnavailableReason.Timeout, true, "PostgreSQL did not answer in time. Look at its load, its disk and the network; tasks go on meanwhile.");
            if (e is AggregateException { InnerExceptions.Count: > 0 } many) return Classify(many.InnerExceptions[^1]);
            if (e.Message.Contains("No suitable host was found", StringComparison.Ordinal) || e.Message.Contains("connection pool has been exhausted", StringComparison.Ordinal))
                return e.Message.Contains("exhausted", StringComparison.Ordinal)
                    ? (HistoryUnavailableReason.Overloaded, true, "Every connection of the pool is in use. Raise Maximum Pool Size, or find out what is slow.")
                    : (HistoryUnavailableReason.ReadOnly, true, "None of the hosts takes writes now; a failover may be under way.");
            if (e.Message.Contains("No password has been provided", StringComparison.Ordinal))
                return (HistoryUnavailableReason.WrongPassword, false, "PostgreSQL asks for a password and the connection string has none. Add it to the Secret with the connection string.");
        }
        return (HistoryUnavailableReason.Unreachable, true, "PostgreSQL is not reachable. Check host and port in the connection string, the network policy, and whether the server runs; tasks go on meanwhile.");
    }

    private static string Detail(Exception error)
    {
        var inner = error;
        while (inner is not PostgresException && inner.InnerException is { } next) inner = next;
        return inner is PostgresException postgres ? $"{postgres.SqlState}: {postgres.MessageText}" : inner.Message;
    }
}
