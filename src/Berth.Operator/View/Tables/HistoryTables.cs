using System.Text.Json.Nodes;
using Berth.History;

namespace Berth.Operator.View.Tables;

/// <summary>Answers from the history as kubectl prints them.</summary>
internal static class HistoryTables
{
    private static readonly ViewKind Tasks = Kind("history",
    [
        new("Workspace", "workspace"), new("Pool", "pool"), new("Phase", "phase"), new("Reason", "reason"), new("Plan", "plan"), new("Run", "run", "integer"), new("Finished", "finished", "date"), new("Age", "created", "date"),
        new("Requested-By", "requestedBy", Wide: true), new("Approved-By", "approvedBy", Wide: true), new("Uid", "uid", Wide: true),
    ]);

    private static readonly ViewKind Acts = Kind("actions", [new("Verb", "verb"), new("Kind", "of"), new("Who", "actor"), new("Outcome", "outcome"), new("Age", "at", "date"), new("Detail", "detail", Wide: true)]);

    private static readonly ViewKind Stays = Kind("statistics", [new("Stays", "stays", "integer"), new("P50-Seconds", "p50", "number"), new("P95-Seconds", "p95", "number"), new("Longest-Seconds", "longest", "number")]);

    public static IResult Of(IReadOnlyList<TaskSummary> tasks) => Table(Tasks, tasks.Select(t => new JsonObject
    {
        ["metadata"] = ClusterRows.Metadata(t.Namespace, t.Name),
        ["workspace"] = t.Workspace,
        ["pool"] = t.Pool,
        ["phase"] = t.Phase,
        ["reason"] = t.Reason,
        ["plan"] = t.PlanSummary,
        ["run"] = t.Run,
        ["finished"] = ClusterRows.Moment(t.FinishedAt),
        ["created"] = ClusterRows.Moment(t.CreatedAt),
        ["requestedBy"] = t.RequestedBy,
        ["approvedBy"] = t.ApprovedBy,
        ["uid"] = t.Uid,
    }));

    public static IResult Of(IReadOnlyList<AuditRecord> acts) => Table(Acts, acts.Select(a => new JsonObject
    {
        ["metadata"] = ClusterRows.Metadata(a.Namespace, a.Name ?? ""),
        ["verb"] = a.Verb,
        ["of"] = a.Kind,
        ["actor"] = a.Actor,
        ["outcome"] = a.Outcome,
        ["at"] = ClusterRows.Moment(a.At),
        ["detail"] = a.DetailJson,
    }));

    /// <summary>How long tasks stayed in each phase; rates and reasons are in the document.</summary>
    public static IResult Of(HistoryStatistics numbers) => Table(Stays, numbers.Stages.Select(s => new JsonObject
    {
        ["metadata"] = ClusterRows.Metadata(null, s.Phase),
        ["stays"] = s.Count,
        ["p50"] = Math.Round(s.P50Seconds, 1),
        ["p95"] = Math.Round(s.P95Seconds, 1),
        ["longest"] = Math.Round(s.MaxSeconds, 1),
    }));

    private static ViewKind Kind(string plural, IReadOnlyList<ViewColumn> columns) => new(plural, plural, "HistoryView", null, true, columns);

    private static IResult Table(ViewKind kind, IEnumerable<JsonObject> rows) => Results.Text(kind.Table(rows).ToJsonString(), "application/json");
}
