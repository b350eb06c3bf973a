using System.Globalization;
using Berth.Api;
using Berth.Core.Approvals;

namespace Berth.Core.Tasks;

/// <summary>A decision in the making: the status so far, and what goes with it. Lives for one call of the decider.</summary>
internal sealed class TaskDraft
{
    /// <summary>After this time a new task says that it is there, whether placement has answered or not.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(2);

    private readonly List<TaskAction> _actions = [];
    private readonly List<ApprovalVerdict> _verdicts = [];
    private readonly List<TaskNotice> _notices = [];
    private readonly List<AppliedTransition> _transitions = [];
    private DateTimeOffset? _wakeAt;

    public TaskDraft(TaskObserved seen)
    {
        Seen = seen;
        Status = seen.Task.Status with { History = Outbox.Acknowledge(seen.Task.Status.History, seen.Acknowledged) };
        Suspended = Status.Conditions.Any(c => c is { Type: "Suspended", Status: ConditionStatus.True });
    }

    public TaskObserved Seen { get; }

    public TaskResource Task => Seen.Task;

    public TaskSpec Spec => Seen.Task.Spec;

    public TaskStatus Status { get; set; }

    public TaskPhase Phase => Status.Phase;

    public bool? Finalizer { get; set; }

    public bool WantsSlot { get; set; }

    /// <summary>Whether the task is held still. Kept in the condition of that name; the reason may tell something closer.</summary>
    public bool Suspended { get; set; }

    public bool Moved => _transitions.Count > 0;

    public string SlotName => Status.Slot?.Name ?? (Status.Attempt is { } a ? Names.SlotName(a.Pod, a.Slot) : "");

    /// <summary>Applies a row of the table: phase, reason, message and the outbox entry change together.</summary>
    public void Move(TaskSignal signal, string message, string? reason = null, string? actor = null)
    {
        var row = TaskTransitions.Find(Phase, signal) ?? throw new InvalidOperationException($"no transition for {signal} in {Phase}; add a row to TaskTransitions or do not decide it");
        var why = reason ?? row.Reason;
        message = Text.OneLine(message);
        var entry = new OutboxEntry
        {
            From = row.From,
            To = row.To,
            Signal = signal.ToString(),
            Reason = why,
            Message = Text.Cut(message, 200),
            Actor = actor is null ? null : Text.Cut(actor, 63),
            Slot = SlotName is { Length: > 0 } slot ? Text.Cut(slot, 80) : null,
            Attempt = Status.Attempt is { } attempt ? AttemptNumber(attempt.Id) : null,
            Run = Status.Run,
            Epoch = Seen.Leader.Epoch,
            At = Seen.Now,
        };
        Status = Status with
        {
            Phase = row.To,
            Reason = why,
            Message = Text.Cut(message, 2048),
            PhaseSince = row.From == row.To ? Status.PhaseSince : Seen.Now,
            FinishedAt = row.To.IsTerminal() ? Status.FinishedAt ?? Seen.Now : null,
            History = Outbox.Append(Status.History, entry),
        };
        _transitions.Add(new AppliedTransition(row, why, message, actor));
    }

    /// <summary>Says what the task waits for. No transition; written only when it changes.</summary>
    public void Wait(string reason, string message)
    {
        message = Text.OneLine(message);
        if (Status.Reason == reason && Status.Message == message) return;
        Status = Status with { Reason = reason, Message = Text.Cut(message, 2048) };
    }

    public void Do(TaskAction action) => _actions.Add(action);

    /// <summary>Tells people something that changes nothing; it becomes an Event.</summary>
    public void Notice(string reason, string message) => _notices.Add(new TaskNotice(reason, Text.OneLine(message)));

    public void Judge(ApprovalVerdict verdict) => _verdicts.Add(verdict);

    public void WakeAt(DateTimeOffset? at)
    {
        if (at is { } when && (_wakeAt is null || when < _wakeAt)) _wakeAt = when;
    }

    public void WakeAfter(TimeSpan pause) => WakeAt(Seen.Now + pause);

    public TaskDecision ToDecision()
    {
        var generation = Task.Metadata.Generation;
        var conditions = TaskConditions.Derive(Status, Seen, Suspended);
        // The very instance where nothing changed: most passes find nothing to do, and they cost no comparison then.
        var status = Status.ObservedGeneration == generation && ReferenceEquals(conditions, Status.Conditions) ? Status : Status with { ObservedGeneration = generation, Conditions = conditions };
        if (!Lifecycle.WasLetGo(this) && Outbox.Unacknowledged(status.History).Any()) _actions.Insert(0, new TaskAction.WriteHistory());
        if (Lifecycle.MustSpill(this)) _actions.Add(new TaskAction.SpillHistory());
        return new TaskDecision
        {
            Status = IsOnlyBookkeeping(status) || AsksBeforeItTells(status) ? Task.Status : status,
            Finalizer = Finalizer,
            Actions = _actions,
            Verdicts = _verdicts,
            Transitions = _transitions,
            Notices = _notices,
            WantsSlot = WantsSlot,
            WakeAt = _wakeAt,
        };
    }

    /// <summary>An acknowledgement alone is not worth a write: it rides on the next one.</summary>
    private bool IsOnlyBookkeeping(TaskStatus status)
    {
        var before = Task.Status;
        if (ReferenceEquals(status, before)) return true;
        return _transitions.Count == 0 && StatusComparer.Same(before, status with { History = before.History, ObservedGeneration = before.ObservedGeneration })
            && (before.ObservedGeneration == status.ObservedGeneration || Phase.IsTerminal());
    }

    /// <summary>
    /// A new task that would take a slot hears of one, or why there is none, in a moment: that is its first status. Nothing is lost with what is
    /// not written, because all of it follows from the task.
    /// </summary>
    private bool AsksBeforeItTells(TaskStatus status)
    {
        if (Task.Status.QueuedAt is not null || !WantsSlot || _transitions.Count > 0 || status.Reason is { Length: > 0 }) return false;
        var until = (Seen.AskedAt ?? Seen.Now) + AnswerWithin;
        if (Seen.Now >= until) return false;
        WakeAt(until);
        return true;
    }

    private static int? AttemptNumber(string id) =>
        int.TryParse(id.AsSpan(id.LastIndexOf('-') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>Small text tools.</summary>
internal static class Text
{
    /// <summary>One line: what commands and other programs say may have many, and columns, events and logs have one.</summary>
    public static string OneLine(string text) =>
        text.Any(char.IsControl) ? string.Join(' ', string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Split(' ', StringSplitOptions.RemoveEmptyEntries)) : text;

    /// <summary>At most <paramref name="length"/> characters, with an ellipsis where something was cut.</summary>
    public static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, length - 1), "…");
}
