using System.Linq.Expressions;
using Berth.Api;
using Berth.History.Connection;
using Berth.History.Schema;
using Microsoft.EntityFrameworkCore;

namespace Berth.History.Queries;

/// <summary>Questions that people ask, through EF Core.</summary>
internal sealed class TaskQueries(HistoryConnections connections)
{
    // Names the columns to read, so that spec and status stay in the database.
    private static readonly Expression<Func<TaskRow, TaskSummary>> AsSummary = t => new TaskSummary
    {
        Uid = t.Uid,
        Namespace = t.Namespace,
        Name = t.Name,
        Type = t.Type,
        Workspace = t.Workspace,
        Pool = t.Pool,
        Phase = t.Phase,
        Reason = t.Reason,
        Message = t.Message,
        Run = t.Run,
        PlanSummary = t.PlanSummary,
        RequestedBy = t.RequestedBy,
        ApprovedBy = t.ApprovedBy,
        CreatedAt = t.CreatedAt,
        StartedAt = t.StartedAt,
        FinishedAt = t.FinishedAt,
        DeletedAt = t.DeletedAt,
    };

    public Task<IReadOnlyList<TaskSummary>> ListAsync(TaskFilter filter, CancellationToken cancellation) =>
        connections.QueryAsync<IReadOnlyList<TaskSummary>>("list tasks", async (context, token) =>
        {
            var tasks = Where(context, filter).OrderByDescending(t => t.CreatedAt).ThenBy(t => t.Uid).Take(Math.Clamp(filter.Limit, 1, 100_000));
            return await tasks.Select(AsSummary).ToListAsync(token).ConfigureAwait(false);
        }, cancellation);

    /// <summary>The newest task of a name.</summary>
    public Task<string?> FindAsync(string ns, string name, CancellationToken cancellation) =>
        connections.QueryAsync("find a task", (context, token) => context.Tasks.Where(t => t.Namespace == ns && t.Name == name)
            .OrderByDescending(t => t.CreatedAt).ThenByDescending(t => t.UpdatedAt).Select(t => t.Uid).FirstOrDefaultAsync(token), cancellation);

    public Task<IReadOnlyList<OutboxEntry>> TransitionsAsync(string uid, CancellationToken cancellation) => StoryQuery.TransitionsAsync(connections, uid, cancellation);

    public Task<TaskStory?> StoryAsync(string uid, CancellationToken cancellation) => StoryQuery.RunAsync(connections, uid, cancellation);

    private static IQueryable<TaskRow> Where(HistoryContext context, TaskFilter filter)
    {
        var tasks = context.Tasks.AsQueryable();
        if (filter.Namespace is { } ns) tasks = tasks.Where(t => t.Namespace == ns);
        if (filter.Name is { } name) tasks = tasks.Where(t => t.Name == name);
        if (filter.Workspace is { } workspace) tasks = tasks.Where(t => t.Workspace == workspace);
        if (filter.Pool is { } pool) tasks = tasks.Where(t => t.Pool == pool);
        if (filter.Phase?.ToString() is { } phase) tasks = tasks.Where(t => t.Phase == phase);
        if (filter.Reason is { } reason) tasks = tasks.Where(t => t.Reason == reason);
        if (filter.Person is { } person)
            tasks = tasks.Where(t => t.RequestedBy == person || t.ApprovedBy == person || context.Approvals.Any(a => a.TaskUid == t.Uid && a.Approver == person)
                || context.Transitions.Any(x => x.Uid == t.Uid && x.Actor == person));
        if (Moments.Normal(filter.Since) is { } since) tasks = tasks.Where(t => t.CreatedAt >= since);
        if (Moments.Normal(filter.Until) is { } until) tasks = tasks.Where(t => t.CreatedAt < until);
        return tasks;
    }
}
