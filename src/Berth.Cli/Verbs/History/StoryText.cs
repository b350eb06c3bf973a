using System.Globalization;
using Berth.Api;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Verbs.History;

/// <summary>A task's whole story on one page.</summary>
internal static class StoryText
{
    public static string Write(TaskStory story)
    {
        var task = story.Task;
        var sheet = new Sheet()
            .Line("task", $"{task.Namespace}/{task.Name}").Line("uid", task.Uid).Line("workspace", task.Workspace).Line("pool", task.Pool).Line("type", task.Type)
            .Line("phase", task.Phase + (task.Reason is { } reason ? $" ({reason})" : "")).Line("message", task.Message).Line("plan", task.PlanSummary)
            .Line("run", task.Run.ToString(CultureInfo.InvariantCulture)).Line("requested by", task.RequestedBy).Line("approved by", task.ApprovedBy)
            .Line("created", task.CreatedAt).Line("started", task.StartedAt).Line("finished", task.FinishedAt).Line("deleted", task.DeletedAt);
        sheet.Heading("TRANSITIONS").Block(HistoryTables.Transitions(story.Transitions).ToText());
        Section(sheet, "ATTEMPTS", ["Id", "Kind", "Pod", "Slot", "Node", "Ordered", "Ended", "Took", "Exit", "Outcome", "Cpu", "Memory"], story.Attempts, r => Attempt(r.Attempt, r));
        Section(sheet, "DECISIONS", ["At", "Who", "Decision", "Verdict", "Comment"], story.Approvals, a => [HistoryTables.At(a.CreatedAt), a.Approver, a.Decision, a.Verdict ?? "", a.Comment ?? ""]);
        if (story.Audit.Count > 0) sheet.Heading("WHAT PEOPLE DID").Block(HistoryTables.Acts(story.Audit).ToText());
        Section(sheet, "ALERTS", ["At", "Alert", "Severity", "Message"], story.Alerts, a => [HistoryTables.At(a.At), a.Name, a.Severity, a.Message]);
        Section(sheet, "ARTIFACTS", ["Attempt", "Path", "Bytes", "Digest"], story.Artifacts, a => [a.Attempt, a.Path, a.Size.ToString(CultureInfo.InvariantCulture), a.Digest]);
        Section(sheet, "CHECKPOINTS", ["Attempt", "Number", "At", "Bytes", "Digest"], story.Checkpoints, c => [c.Attempt, c.Number.ToString(CultureInfo.InvariantCulture), HistoryTables.At(c.CreatedAt), c.Size.ToString(CultureInfo.InvariantCulture), c.Digest]);
        Section(sheet, "LOGS", ["Attempt", "Bytes", "Complete", "Left out"], story.Logs, l =>
            [l.Attempt, l.Stored.ToString(CultureInfo.InvariantCulture), l.Complete ? "yes" : "no", (l.Received - l.Stored + l.Dropped).ToString(CultureInfo.InvariantCulture)]);
        return sheet.ToString();
    }

    private static IReadOnlyList<string> Attempt(AttemptStatus a, AttemptRecord used) =>
    [
        a.Id, a.Kind.ToString(), a.Pod, a.Slot.ToString(CultureInfo.InvariantCulture), a.Node ?? "", HistoryTables.At(a.OrderedAt), HistoryTables.At(a.EndedAt),
        a.EndedAt - a.StartedAt is { Ticks: >= 0 } took ? Amounts.Seconds(took.TotalSeconds) : "", a.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "", a.Outcome ?? "",
        used.CpuSeconds is { } cpu ? Amounts.Seconds(cpu) : "", used.MaxMemoryBytes is { } memory ? Amounts.Bytes(memory) : "",
    ];

    private static void Section<T>(Sheet sheet, string heading, IReadOnlyList<string> columns, IEnumerable<T> items, Func<T, IReadOnlyList<string>> row)
    {
        var rows = items.Select(row).ToList();
        if (rows.Count > 0) sheet.Heading(heading).Block(new Cells(columns, rows).ToText());
    }
}
