using System.Globalization;
using Berth.Api;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>What the history holds, as rows.</summary>
internal static class HistoryTables
{
    public static Cells Tasks(IReadOnlyList<TaskSummary> tasks) => new(
        ["Namespace", "Name", "Workspace", "Pool", "Phase", "Reason", "Plan", "Run", "Requested-By", "Approved-By", "Created", "Finished", "Uid"],
        [.. tasks.Select(t => (IReadOnlyList<string>)
        [
            t.Namespace, t.Name, t.Workspace, t.Pool, t.Phase, t.Reason ?? "", t.PlanSummary ?? "", t.Run.ToString(CultureInfo.InvariantCulture), t.RequestedBy ?? "", t.ApprovedBy ?? "", At(t.CreatedAt), At(t.FinishedAt), t.Uid,
        ])]);

    public static Cells Transitions(IReadOnlyList<OutboxEntry> entries) => new(
        ["Seq", "At", "Run", "From", "To", "Reason", "By", "Slot", "Message"],
        [.. entries.Select(e => (IReadOnlyList<string>)
        [
            e.Seq.ToString(CultureInfo.InvariantCulture), At(e.At), e.Run.ToString(CultureInfo.InvariantCulture), e.From?.ToString() ?? "", e.To.ToString(), e.Reason, e.Actor ?? "", e.Slot ?? "", e.Message ?? "",
        ])]);

    public static Cells Acts(IReadOnlyList<AuditRecord> acts) => new(
        ["At", "Who", "Verb", "Kind", "Namespace", "Name", "Outcome", "Detail"],
        [.. acts.Select(a => (IReadOnlyList<string>)[At(a.At), a.Actor, a.Verb, a.Kind, a.Namespace ?? "", a.Name ?? "", a.Outcome, a.DetailJson ?? ""])]);

    public static Cells Stages(HistoryStatistics numbers) => new(
        ["Phase", "Stays", "P50", "P95", "Longest"],
        [.. numbers.Stages.Select(s => (IReadOnlyList<string>)[s.Phase, s.Count.ToString(CultureInfo.InvariantCulture), Amounts.Seconds(s.P50Seconds), Amounts.Seconds(s.P95Seconds), Amounts.Seconds(s.MaxSeconds)])]);

    public static string Statistics(HistoryStatistics numbers) => new Sheet()
        .Line("tasks", numbers.Tasks.ToString(CultureInfo.InvariantCulture))
        .Line("by phase", string.Join(", ", numbers.ByPhase.OrderByDescending(p => p.Value).Select(p => $"{p.Key} {p.Value}")))
        .Line("success rate", numbers.SuccessRate is { } rate ? string.Create(CultureInfo.InvariantCulture, $"{rate * 100:0.0} %") : "none has ended")
        .Heading("TIME PER PHASE").Block(Stages(numbers).ToText())
        .Heading("TOP REASONS").Block(new Cells(["Reason", "Times"], [.. numbers.TopReasons.Select(r => (IReadOnlyList<string>)[r.Reason, r.Count.ToString(CultureInfo.InvariantCulture)])]).ToText())
        .ToString();

    public static string At(DateTimeOffset? at) => at is { } moment ? moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "";
}
