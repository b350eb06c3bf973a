using Berth.History.Connection;
using Microsoft.EntityFrameworkCore;

namespace Berth.History;

/// <summary>Which acts of people to list. What is null does not matter.</summary>
public sealed record AuditFilter
{
    /// <summary>Namespace of the object.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name of the object.</summary>
    public string? Name { get; init; }

    /// <summary>Who.</summary>
    public string? Person { get; init; }

    /// <summary>What.</summary>
    public string? Verb { get; init; }

    /// <summary>At this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>At most so many, newest first.</summary>
    public int Limit { get; init; } = 100;

    internal static Task<IReadOnlyList<AuditRecord>> RunAsync(HistoryConnections connections, AuditFilter filter, CancellationToken cancellation) =>
        connections.QueryAsync<IReadOnlyList<AuditRecord>>("list what people did", async (context, token) =>
        {
            var rows = context.Audit.AsQueryable();
            if (filter.Namespace is { } ns) rows = rows.Where(r => r.Namespace == ns);
            if (filter.Name is { } name) rows = rows.Where(r => r.Name == name);
            if (filter.Person is { } person) rows = rows.Where(r => r.Actor == person);
            if (filter.Verb is { } verb) rows = rows.Where(r => r.Verb == verb);
            if (Moments.Normal(filter.Since) is { } since) rows = rows.Where(r => r.At >= since);
            if (Moments.Normal(filter.Until) is { } until) rows = rows.Where(r => r.At < until);
            return await rows.OrderByDescending(r => r.At).Take(Math.Clamp(filter.Limit, 1, 100_000)).ToListAsync(token).ConfigureAwait(false);
        }, cancellation);
}
