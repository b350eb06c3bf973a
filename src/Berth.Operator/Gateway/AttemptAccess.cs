using System.Globalization;
using Berth.Api;
using Berth.Operator.Cluster;

namespace Berth.Operator.Gateway;

/// <summary>Says whose attempts a calling pod may touch: its own, and nobody else's. What an agent claims to have run counts for nothing.</summary>
internal sealed class AttemptAccess(AgentAuthenticator authenticator, ClusterCache cache, ILogger<AttemptAccess> log)
{
    /// <summary>The task of an attempt that belongs to the calling pod, or the status to answer with.</summary>
    public async Task<(TaskResource? Task, int Refusal)> TaskOfAsync(HttpContext context, string attempt)
    {
        var identity = await authenticator.AuthenticateAsync(context.Request, context.RequestAborted);
        if (identity is null) return (null, StatusCodes.Status401Unauthorized);
        var dash = attempt.LastIndexOf('-');
        var task = dash > 0 ? cache.TaskByUid(attempt[..dash]) : null;
        if (task is not null && Owns(task, attempt, identity)) return (task, 0);
        log.LogWarning("Pod {Namespace}/{Pod} asked for files of attempt {Attempt}, which is not its own; refused", identity.Namespace, identity.Pod, attempt);
        return (null, StatusCodes.Status403Forbidden);
    }

    /// <summary>Whether the record says that the attempt is another pod's. Where it says nothing (the task is gone) nobody else's can be harmed.</summary>
    public bool IsAnothers(string attempt, AgentIdentity identity)
    {
        var dash = attempt.LastIndexOf('-');
        if (dash <= 0 || cache.TaskByUid(attempt[..dash]) is not { } task || Owns(task, attempt, identity)) return false;
        return task.Metadata.Namespace != identity.Namespace || task.Status.Attempt?.Id == attempt
            || task.Status.History.Entries.Any(e => e.Attempt is { } n && attempt.AsSpan(dash + 1).SequenceEqual(n.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Whether the task's own record says that the attempt was ordered on this pod: the latest one, or one that its last transitions tell of.</summary>
    internal static bool Owns(TaskResource task, string attempt, AgentIdentity identity)
    {
        if (task.Metadata.Namespace != identity.Namespace) return false;
        if (task.Status.Attempt is { } latest && latest.Id == attempt) return latest.PodUid == identity.PodUid && latest.Pod == identity.Pod;
        var number = attempt[(task.Metadata.Uid.Length + 1)..];
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            && task.Status.History.Entries.Any(e => e.Attempt == n && e.Slot?.StartsWith(identity.Pod + "/", StringComparison.Ordinal) == true);
    }
}
