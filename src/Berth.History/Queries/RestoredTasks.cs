using Berth.History.Connection;
using Npgsql;

namespace Berth.History.Queries;

/// <summary>Which tasks a restore made again, and as which. Read from the audit: the old object is gone, and the new one may be lost in turn.</summary>
internal static class RestoredTasks
{
    private const string Select = "select uid, detail ->> 'as' from berth.audit where verb = 'restore' and kind = 'Task' and uid is not null and detail ->> 'as' is not null";

    public static AuditRecord Record(string ns, string name, string uid, string restoredAs, string actor, DateTimeOffset at) => new()
    {
        At = at,
        Actor = actor,
        Verb = "restore",
        Kind = "Task",
        Namespace = ns,
        Name = name,
        Uid = uid,
        Outcome = "Done",
        DetailJson = new System.Text.Json.Nodes.JsonObject { ["as"] = restoredAs }.ToJsonString(),
    };

    public static Task<IReadOnlyList<(string Uid, string As)>> ReadAsync(HistoryConnections connections, CancellationToken cancellation) =>
        connections.RunAsync<IReadOnlyList<(string, string)>>("read what was restored", async (connection, token) =>
        {
            var links = new List<(string, string)>();
            await using var command = new NpgsqlCommand(Select, connection);
            await using var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
            while (await reader.ReadAsync(token).ConfigureAwait(false)) links.Add((reader.GetString(0), reader.GetString(1)));
            return links;
        }, cancellation);

    /// <summary>The given tasks, and all that they were before they were restored.</summary>
    public static HashSet<string> WithOrigins(IEnumerable<string> uids, IReadOnlyList<(string Uid, string As)> links)
    {
        var before = links.ToLookup(l => l.As, l => l.Uid, StringComparer.Ordinal);
        var all = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(uids);
        while (open.TryPop(out var uid))
            if (all.Add(uid))
                foreach (var origin in before[uid]) open.Push(origin);
        return all;
    }
}
