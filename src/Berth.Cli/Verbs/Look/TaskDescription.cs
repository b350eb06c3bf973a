using System.Globalization;
using Berth.Api;
using Berth.Cli.Output;

namespace Berth.Cli.Verbs.Look;

/// <summary>A task in words.</summary>
internal static class TaskDescription
{
    public static string Of(TaskResource task)
    {
        var sheet = new Sheet();
        sheet.Line("task", $"{task.Metadata.Namespace}/{task.Metadata.Name}, run {task.Status.Run}").Line("phase", $"{task.Status.Phase}{(task.Status.Reason is { } reason ? $" ({reason})" : "")}");
        sheet.Block(Outlook.Of(task).Text());
        About(sheet, task);
        Planned(sheet, task.Status);
        Attempted(sheet, task.Status);
        sheet.Heading("conditions").Block(TextTable.Write(["Condition", "Status", "Since", "Reason", "Message"],
            task.Status.Conditions.Select(c => (IReadOnlyList<string>)[c.Type, c.Status.ToString(), Ages.Since(c.LastTransitionTime), c.Reason, c.Message ?? ""]).ToList()));
        sheet.Heading($"latest transitions (all of them: berth history {task.Metadata.Name})").Block(TextTable.Write(["Seq", "Age", "From", "To", "Reason", "By", "Message"], task.Status.History.Entries.Select(e =>
            (IReadOnlyList<string>)[e.Seq.ToString(CultureInfo.InvariantCulture), Ages.Since(e.At), e.From?.ToString() ?? "", e.To.ToString(), e.Reason, e.Actor ?? "", e.Message ?? ""]).ToList()));
        return sheet.ToString();
    }

    private static void About(Sheet sheet, TaskResource task)
    {
        var spec = task.Spec;
        sheet.Heading("what").Line("type", $"{spec.Type}, workspace {spec.Workspace}, pool {spec.PoolRef.Name}, priority {spec.Priority}").Line("wanted", spec.DesiredState.ToString())
            .Line("requested by", spec.RequestedBy).Line("created", task.Metadata.CreationTimestamp).Line("queued", task.Status.QueuedAt).Line("finished", task.Status.FinishedAt);
        if (ActionNote.Read(task.Metadata.Annotations?.GetValueOrDefault(Names.ActionAnnotation)) is { } act) sheet.Line("last act", $"{act.Verb} by {act.By}, {Ages.Moment(act.At)}{(act.Comment is { } why ? $": {why}" : "")}");
        if (spec.Plan is { } plan) sheet.Line("plan runs", string.Join(' ', plan.Command));
        if (spec.Apply is { } apply) sheet.Line("apply runs", string.Join(' ', apply.Command));
        if (spec.Run is { } run) sheet.Line("runs", string.Join(' ', run.Command));
        if (task.Status is { Failures: > 0 } or { Losses: > 0 }) sheet.Line("trouble", $"{task.Status.Failures} failures of {spec.Retry.Limit}, {task.Status.Resets} resets of {spec.Recovery.ResetLimit}, {task.Status.Losses} losses");
    }

    private static void Planned(Sheet sheet, Berth.Api.TaskStatus status)
    {
        if (status.Plan is not { } plan) return;
        sheet.Heading("plan").Line("changes", plan.Summary).Line("made", plan.At).Line("digest", plan.Digest).Line("stored", plan.Stored ? "yes, it survives its pod" : status.Phase.IsTerminal() ? "not known: the task was over before" : "no: it is on its slot alone");
        foreach (var artifact in plan.Artifacts ?? []) sheet.Line("artifact", $"{artifact.Path} ({artifact.Size} bytes, {Digests.Short(artifact.Digest)})");
        if (status.Grant is not { } grant) return;
        sheet.Line("approved", $"{(grant.Basis == GrantBasis.Auto ? "by its policy" : $"by {grant.Approver}")}, {Ages.Moment(grant.At)}{(grant.SpentBy is null ? "" : ", spent")}").Line("valid until", grant.SpentBy is null ? grant.ValidUntil : null);
    }

    private static void Attempted(Sheet sheet, Berth.Api.TaskStatus status)
    {
        if (status.Slot is { } slot) sheet.Heading("slot").Line("slot", $"{slot.Name}{(slot.Node is { } node ? $" on node {node}" : "")}").Line("held", slot.Since).Line("warm", slot.Warm ? "yes" : "not yet: the plan is being restored there");
        if (status.Attempt is not { } attempt) return;
        sheet.Heading("latest attempt").Line("attempt", $"{attempt.Id} ({attempt.Kind})").Line("where", $"{Names.SlotName(attempt.Pod, attempt.Slot)}{(attempt.Node is { } on ? $" on node {on}" : "")}")
            .Line("ordered", attempt.OrderedAt).Line("started", attempt.StartedAt).Line("ended", attempt.EndedAt).Line("outcome", Outcome(attempt)).Line("used", Used(attempt)).Line("proved dead", attempt.FencedBy);
        if (status.Loss is { } loss) sheet.Line("lost", $"{loss.Attempt}, {Ages.Moment(loss.Since)}: {loss.Cause}; {(loss.Fenced ? "proved dead" : "not proved dead")}");
    }

    private static string? Used(AttemptStatus attempt) => attempt.CpuMilliseconds is { } cpu ? $"{Amounts.Seconds(cpu / 1000.0)} of processor time{(attempt.MaxMemoryKiB is { } memory ? $", at most {Amounts.Bytes(memory * 1024)} in one process" : "")}" : null;

    private static string? Outcome(AttemptStatus attempt) => attempt.Outcome is { } outcome ? outcome + (attempt.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $" (exit code {code})") : "") : null;
}
