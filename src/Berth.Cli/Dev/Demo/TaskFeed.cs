using System.Collections.Concurrent;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Demo;

/// <summary>Follows all tasks by a watch, tells each change of phase, and waits for states.</summary>
internal sealed class TaskFeed(KubernetesClient client, string ns, Narrator narrator)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<string, TaskResource> latest = new(StringComparer.Ordinal);
    private volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Follows until cancelled; a watch that ends is begun again.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var change in client.WatchAsync(BerthResources.Tasks, ns, cancellationToken: stop)) Take(change);
                await Task.Delay(Pause, stop);
            }
            catch (Exception error) when (error is KubernetesException or OperationCanceledException)
            {
                if (!stop.IsCancellationRequested) await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }

    public TaskResource Latest(string name) => latest[name];

    /// <summary>Waits until a task is in a state; returns it as it was then.</summary>
    /// <exception cref="DevException">The limit passed, or the task ended otherwise.</exception>
    public async Task<TaskResource> UntilAsync(string name, string what, TimeSpan limit, Func<TaskResource, bool> reached, CancellationToken cancellationToken)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timer.CancelAfter(limit);
        while (true)
        {
            var next = changed.Task;
            if (latest.TryGetValue(name, out var task))
            {
                if (reached(task)) return task;
                if (task.Status.Phase.IsTerminal()) throw new DevException($"Task {name} should be {what}, but ended: {Describe(task)}");
            }
            try
            {
                await next.WaitAsync(timer.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new DevException($"Task {name} is not {what} after {limit.TotalSeconds:0} s: {(task is null ? "it was never seen" : Describe(task))}");
            }
        }
    }

    private static string Describe(TaskResource task) => $"{task.Status.Phase} {task.Status.Reason}: {task.Status.Message}";

    private void Take(WatchEvent<TaskResource> change)
    {
        if (change.Object is not { } task || change.Type == WatchEventType.Deleted) return;
        var before = latest.TryGetValue(task.Metadata.Name, out var known) ? known : null;
        latest[task.Metadata.Name] = task;
        var (was, now) = (before?.Status, task.Status);
        if (was is null || was.Phase != now.Phase || was.Reason != now.Reason || was.Slot?.Name != now.Slot?.Name) narrator.Phase(task.Spec.Workspace, now.Phase, Detail(task));
        Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private static string Detail(TaskResource task)
    {
        var status = task.Status;
        var plan = status.Phase is TaskPhase.ApplyPending or TaskPhase.Applying or TaskPhase.Succeeded ? status.Plan?.Summary : null;
        return string.Join("  ", new[] { plan, status.Reason, status.Slot?.Name is { } slot ? "on " + slot : null }.Where(t => !string.IsNullOrEmpty(t)));
    }
}
