using System.IO.Pipelines;
using Berth.DevCluster.Faults;
using Berth.DevCluster.Http;
using Berth.DevCluster.Selecting;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Watching;

/// <summary>Streams changes of a collection for as long as the client listens.</summary>
internal sealed class WatchHandler(Cluster cluster, WatchCuts cuts)
{
    private const int MaxBatchBytes = 256 * 1024;

    public async Task Handle(ApiRequest request, Target target)
    {
        ListOptions.Check(request, watch: true);
        var start = WatchStart.Of(request, cluster.Store.Revision);
        var selection = new WatchSelection(target, LabelSelector.Parse(request.Query("labelSelector")),
            FieldSelector.Parse(request.Query("fieldSelector"), target.Resource, target.Version));
        var frames = new WatchFrames(request, target, cluster);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, cuts.Token);
        end.CancelAfter(start.Timeout);
        var response = request.Http.Response;
        response.StatusCode = 200;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-cache, private";
        try
        {
            await response.StartAsync(end.Token);
            if (FaultGate.HalfOpen(request.Http) is { } cleared) await cleared.WaitAsync(end.Token);
            await Stream(response.BodyWriter, target.Resource.Store, start, selection, frames, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client left, its time is over, or the watch was cut: each is a normal end of a watch.
        }
    }

    private async Task Stream(PipeWriter output, ResourceStore resource, WatchStart start, WatchSelection selection, WatchFrames frames, CancellationToken end)
    {
        var revision = start.InitialState ? await WriteState(output, resource, start, selection, frames, end) : start.Revision;
        await output.FlushAsync(end);
        var bookmarkDue = cluster.Time.GetUtcNow() + cluster.Options.BookmarkInterval;
        while (true)
        {
            // In this order: a change after the log was read completes the task; all events up to the complete revision are in the log.
            if (cluster.Faults is { } faults) await faults.NotFrozen.WaitAsync(end);
            var changed = resource.Log.Changed;
            var complete = cluster.Store.Revision;
            if (resource.Log.After(revision) is not { } events)
            {
                WatchFrames.WriteTooOld(output, revision, resource.Log.Oldest);
                await output.FlushAsync(end);
                return;
            }
            foreach (var change in events)
            {
                selection.Write(output, change, frames);
                revision = change.Revision;
                if (output.UnflushedBytes > MaxBatchBytes) await output.FlushAsync(end);
            }
            revision = Math.Max(revision, complete);
            if (start.Bookmarks && cluster.Time.GetUtcNow() >= bookmarkDue)
            {
                frames.WriteBookmark(output, revision, initialEventsEnd: false);
                bookmarkDue = cluster.Time.GetUtcNow() + cluster.Options.BookmarkInterval;
            }
            if (output.UnflushedBytes > 0) await output.FlushAsync(end);
            await Next(changed, start.Bookmarks, bookmarkDue, end);
        }
    }

    private async Task<long> WriteState(PipeWriter output, ResourceStore resource, WatchStart start, WatchSelection selection, WatchFrames frames, CancellationToken end)
    {
        var (state, revision) = cluster.Store.Snapshot(resource);
        foreach (var obj in state)
        {
            if (selection.Matches(obj)) frames.Write(output, "ADDED", obj);
            if (output.UnflushedBytes > MaxBatchBytes) await output.FlushAsync(end);
        }
        if (start.InitialEventsEnd) frames.WriteBookmark(output, revision, initialEventsEnd: true);
        return revision;
    }

    private async Task Next(Task changed, bool bookmarks, DateTimeOffset bookmarkDue, CancellationToken end)
    {
        if (changed.IsCompleted) return;
        if (!bookmarks)
        {
            await changed.WaitAsync(end);
            return;
        }
        var left = bookmarkDue - cluster.Time.GetUtcNow();
        if (left <= TimeSpan.Zero) return;
        using var due = CancellationTokenSource.CreateLinkedTokenSource(end);
        due.CancelAfter(left);
        await changed.WaitAsync(due.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end.ThrowIfCancellationRequested();
    }
}
