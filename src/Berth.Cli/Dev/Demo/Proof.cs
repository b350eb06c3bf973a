using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Dev.Stack;
using Berth.Cli.Output;
using Berth.History;

namespace Berth.Cli.Dev.Demo;

/// <summary>Whether all of it truly happened: asked of the API, the database and the state files, not of the demo's own memory.</summary>
internal sealed class Proof(ClusterSession admin, HistoryStore history, Samples samples, Narrator narrator)
{
    private static readonly TimeSpan WrittenSoon = TimeSpan.FromSeconds(10);
    private int broken;

    /// <summary>Prints the closing table and every check; true when all hold.</summary>
    public async Task<bool> ShowAsync(Story story, CancellationToken stop)
    {
        var rows = new List<IReadOnlyList<string>>();
        var succeeded = 0;
        var finalValues = story.Cast.GroupBy(a => a.Workspace).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        narrator.Chapter("Did all of it truly happen? Asked of the API, the database and the state files");
        foreach (var actor in story.Cast)
        {
            var task = await admin.TaskAsync(actor.Name, stop);
            var told = await ToldAsync(task, stop);
            CheckLife(actor, task, told);
            CheckLoss(actor, told);
            if (task.Status.Phase == TaskPhase.Succeeded && told.Task.Phase == nameof(TaskPhase.Succeeded)) succeeded++;
            rows.Add(Row(told));
        }
        foreach (var (workspace, actor) in finalValues) Check(samples.Holds(workspace, actor.Value), $"the state of {workspace} holds \"{actor.Value}\"");
        Check(story.LeaderChanges.After > story.LeaderChanges.Before, $"the leader changed ({story.LeaderChanges.Before} → {story.LeaderChanges.After} in the Lease)");
        narrator.Chapter("From PostgreSQL");
        narrator.Print(TextTable.Write(["Task", "Workspace", "Phase", "Plan", "Approved-By", "Plans", "Applies", "Pods-Lost", "Transitions", "Took"], rows));
        narrator.Print($"{succeeded} tasks succeeded, {story.Cast.Count - succeeded} lost");
        return broken == 0 && succeeded == story.Cast.Count;
    }

    // The last transition reaches the database a moment after the status.
    private async Task<TaskStory> ToldAsync(TaskResource task, CancellationToken stop)
    {
        TaskStory? told = null;
        await Until.TrueAsync($"The history of {task.Metadata.Name} is not complete", WrittenSoon, null, async s =>
        {
            told = await history.GetStoryAsync(task.Metadata.Uid, s);
            return told is null ? "the database knows no such task" : told.Transitions.Count < task.Status.History.Seq ? $"{told.Transitions.Count} of {task.Status.History.Seq} transitions" : null;
        }, stop);
        return told!;
    }

    private bool CheckLife(Actor actor, TaskResource task, TaskStory told)
    {
        var numbers = told.Transitions.Select(t => t.Seq);
        var applies = Ran(told, AttemptKind.Apply);
        (bool Holds, string Text)[] all =
        [
            (task.Metadata.Uid == actor.Uid && task.Status.Phase == TaskPhase.Succeeded, "succeeded in the API"),
            (told.Transitions is [.., { To: TaskPhase.Succeeded }] && numbers.SequenceEqual(Enumerable.Range(1, told.Transitions.Count).Select(n => (long)n)),
                $"{told.Transitions.Count} transitions in the database, once and in order"),
            (applies is [{ Attempt.ExitCode: 0 }], "applied once"),
            (task.Status.Grant?.RunDigest == task.Status.Plan?.Digest && task.Status.Grant?.ApprovedDigest == actor.ApprovedDigest
                && told.Approvals.Any(a => a.Digest == actor.ApprovedDigest && a.Verdict == "Accepted"), "what a person approved"),
        ];
        return Check(all.All(c => c.Holds), $"{actor.Name}: " + string.Join(", ", all.Select(c => c.Holds ? c.Text : $"NOT {c.Text}")));
    }

    private bool CheckLoss(Actor actor, TaskStory told)
    {
        if (actor.LostPod is null) return true;
        var plans = Ran(told, AttemptKind.Plan);
        var appliedOn = Ran(told, AttemptKind.Apply).Select(a => a.Attempt.Pod).FirstOrDefault();
        return actor.LostBeforePlan
            ? Check(plans.Count > 1 && told.Transitions.Any(t => t is { From: TaskPhase.Planning, To: TaskPhase.Pending }), $"{actor.Name}: lost its pod while planning, was reset and planned again")
            : Check(plans.Count == 1 && Ran(told, AttemptKind.Restore).Count > 0 && appliedOn != actor.LostPod, $"{actor.Name}: planned once on {actor.LostPod}, restored and applied on {appliedOn}");
    }

    private static List<AttemptRecord> Ran(TaskStory told, AttemptKind kind) => told.Attempts.Where(a => a.Attempt.Kind == kind).ToList();

    private static IReadOnlyList<string> Row(TaskStory told)
    {
        var task = told.Task;
        var took = task is { FinishedAt: { } end } ? $"{(end - task.CreatedAt).TotalSeconds:0.0}s" : "";
        var lost = told.Transitions.Count(t => t.Reason.EndsWith("Lost", StringComparison.Ordinal));
        return [task.Name, task.Workspace, task.Phase, task.PlanSummary ?? "", task.ApprovedBy ?? "", $"{Ran(told, AttemptKind.Plan).Count}", $"{Ran(told, AttemptKind.Apply).Count}", $"{lost}", $"{told.Transitions.Count}", took];
    }

    private bool Check(bool holds, string text)
    {
        narrator.Check(holds, text);
        if (!holds) broken++;
        return holds;
    }
}
