using Berth.Agent.Spool;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent;

/// <summary>Checkpoints on their way to the operator.</summary>
internal sealed partial class AgentHost
{
    private readonly Dictionary<string, Task> _checkpoints = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(int Number, string Request)>> _asked = new(StringComparer.Ordinal);

    /// <summary>A checkpoint is in the spool: it goes out, and whoever asked for it is told when it is stored.</summary>
    public void CheckpointTaken(string attempt, AttemptSpool spool, int number, string? request)
    {
        if (request is not null)
        {
            lock (_gate)
            {
                if (!_asked.TryGetValue(attempt, out var asked)) _asked[attempt] = asked = [];
                asked.Add((number, request));
            }
        }
        UploadCheckpoints(attempt, spool);
    }

    /// <summary>Uploads what waits, oldest first, unless that is under way.</summary>
    public void UploadCheckpoints(string attempt, AttemptSpool spool)
    {
        lock (_gate)
        {
            if (_checkpoints.TryGetValue(attempt, out var running) && !running.IsCompleted) return;
            _checkpoints[attempt] = Task.Run(() => UploadCheckpointsAsync(attempt, spool, _stop.Token), CancellationToken.None);
        }
    }

    /// <summary>Completes when nothing of the attempt waits to be uploaded.</summary>
    public async Task CheckpointsUploadedAsync(string attempt)
    {
        while (true)
        {
            Task? running;
            lock (_gate) running = _checkpoints.GetValueOrDefault(attempt);
            if (running is null || running.IsCompleted) return;
            await running;
        }
    }

    private async Task UploadCheckpointsAsync(string attempt, AttemptSpool spool, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                PendingCheckpoint? next;
                lock (_gate)
                {
                    next = spool.Checkpoints.Pending() is [var oldest, ..] ? oldest : null;
                    // Under the lock, so that what is taken after this look finds no upload under way and begins one.
                    if (next is null) _checkpoints.Remove(attempt);
                }
                if (next is null) break;
                var file = new FileDigest { Path = $"checkpoint {next.Number}", Digest = next.Digest, Size = next.Size };
                var stored = await Transfers.StoreCheckpointAsync(attempt, next.Number, file, next.Path, stop);
                if (!stored) AgentLog.Warn("the operator does not want a checkpoint", ("attempt", attempt), ("number", $"{next.Number}"));
                File.Delete(next.Path);
                if (stored) Tell(new CheckpointStored { Attempt = attempt, Number = next.Number, Size = next.Size });
            }
            TellAskers(attempt);
        }
        catch (OperationCanceledException)
        {
            return; // the agent is ending; the files tell what waits
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Dropped from the spool while it was on its way, because newer ones took its place; the next save begins anew.
            AgentLog.Warn("an upload of checkpoints ended", ("attempt", attempt), ("reason", e.Message));
            lock (_gate) _checkpoints.Remove(attempt);
        }
        Settle(attempt);
    }

    private void TellAskers(string attempt)
    {
        List<(int Number, string Request)> asked;
        lock (_gate)
        {
            if (!_asked.Remove(attempt, out var waiting)) return;
            asked = waiting;
        }
        foreach (var (number, request) in asked) Tell(new CheckpointStored { Attempt = attempt, Number = number, Request = request });
    }

    private void OnSaveCheckpoint(SaveCheckpoint order)
    {
        Attempts.AttemptFlow? flow;
        lock (_gate) flow = _slots.Select(s => s.Flow).FirstOrDefault(f => f?.Attempt == order.Attempt);
        flow?.SaveNow(order.Request);
    }
}
