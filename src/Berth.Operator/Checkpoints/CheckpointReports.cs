using System.Collections.Concurrent;
using System.Globalization;
using Berth.Api;
using Berth.Core.Checkpoints;
using Berth.Core.Pools;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Cluster;
using Berth.Operator.Leadership;
using Berth.Operator.Telemetry;
using Berth.Protocol;

namespace Berth.Operator.Checkpoints;

/// <summary>Checkpoints that a person asks for by annotation, and Events of what agents tell about checkpoints.</summary>
internal sealed class CheckpointReports(Dispatcher dispatcher, AgentRegistry agents, ClusterCache cache, OperatorEvents events, ILogger<CheckpointReports> log)
{
    private const int Remembered = 10_000;
    private readonly ConcurrentDictionary<string, byte> _told = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Connection, string Request)> _sent = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, string> _answered = new(StringComparer.Ordinal);

    /// <summary>Raised with the key of a task for which a request was answered.</summary>
    public event Action<ObjectKey>? Answered;

    /// <summary>The latest request of a task that its agent answered; null if this leader heard of none.</summary>
    public string? SavedOf(string uid) => _answered.GetValueOrDefault(uid);

    /// <summary>Forgets a task that is gone.</summary>
    public void Forget(string uid) => _answered.TryRemove(uid, out _);

    /// <summary>Passes a person's request on, once a connection; the agent answers each request once, and the task's status keeps that it did.</summary>
    public void Ensure(TaskResource task, Term term)
    {
        if (task.Spec.Checkpoint is null || CheckpointRequest.Open(task) is not { } request) return;
        if (task.Status is not { Phase: TaskPhase.Planning or TaskPhase.Running, Attempt: { EndedAt: null } attempt }) return;
        if (agents.Session(attempt.PodUid) is not { } session || (_sent.TryGetValue(attempt.Id, out var sent) && sent == (session.Number, request))) return;
        dispatcher.Send(term, attempt.PodUid, new SaveCheckpoint { Epoch = term.Epoch, Attempt = attempt.Id, Request = request }, () => Note(attempt.Id, session.Number, request));
    }

    /// <summary>Takes a report; true if it was about checkpoints.</summary>
    public bool Take(AgentSession session, Frame frame)
    {
        switch (frame)
        {
            case CheckpointStored stored:
                if (stored.Request is not { } request || TaskOf(session, stored.Attempt) is not { } saved) return true;
                _answered[saved.Metadata.Uid] = request;
                Answered?.Invoke(saved.Metadata.Key());
                if (First($"{stored.Attempt}/{request}"))
                    events.Checkpoint(saved, Reasons.CheckpointSaved, stored.Number == 0 ? "nothing was saved on request: the command has changed nothing in $BERTH_CHECKPOINT_DIR" : $"checkpoint {NameOf(stored)} is stored, as requested", warning: false);
                return true;
            case Resumed resumed:
                if (TaskOf(session, resumed.Attempt) is { } task && First(resumed.Attempt)) Tell(task, resumed);
                return true;
            default:
                return false;
        }
    }

    private void Tell(TaskResource task, Resumed resumed)
    {
        foreach (var skipped in resumed.Skipped)
        {
            log.LogWarning("Task {Namespace}/{Task}: checkpoint {Checkpoint} cannot be used", task.Metadata.Namespace, task.Metadata.Name, skipped);
            events.Checkpoint(task, Reasons.CheckpointDamaged, $"checkpoint {skipped}; it is left out and the one before is tried", warning: true);
        }
        if (resumed.Checkpoint is { } name) events.Checkpoint(task, Reasons.Resumed, $"attempt {resumed.Attempt} goes on from checkpoint {name}", warning: false);
        else events.Checkpoint(task, Reasons.CheckpointDamaged, $"no checkpoint can be used; attempt {resumed.Attempt} begins from scratch unless one was named", warning: true);
    }

    /// <summary>What an agent says counts only for attempts that are on its pod.</summary>
    private TaskResource? TaskOf(AgentSession session, string attempt) =>
        cache.TaskByUid(AgentCleanup.TaskOf(attempt)) is { } task && task.Status.Attempt is { } latest && latest.Id == attempt && latest.PodUid == session.PodUid ? task : null;

    private void Note(string attempt, long connection, string request)
    {
        if (_sent.Count > Remembered) _sent.Clear();
        _sent[attempt] = (connection, request);
    }

    private bool First(string what)
    {
        if (_told.Count > Remembered) _told.Clear();
        return _told.TryAdd(what, 0);
    }

    private static string NameOf(CheckpointStored stored) => string.Create(CultureInfo.InvariantCulture, $"{stored.Attempt[(stored.Attempt.LastIndexOf('-') + 1)..]}-{stored.Number}");
}
