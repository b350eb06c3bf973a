using System.Security.Cryptography;
using System.Threading.Channels;
using Berth.Agent.Journal;
using Berth.Agent.Slots;
using Berth.Agent.Spool;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Attempts;

/// <summary>Saves the state of a running command: when it is due, when the operator asks, when the command asks. What did not change is not saved again.</summary>
internal sealed class CheckpointSaver(AgentHost host, Slot slot, AttemptRecord record, CheckpointOrder policy, AttemptSpool spool, string directory, string step)
{
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(5);
    private const int EmptyTarBytes = 1024;
    private readonly Channel<string> _requests = Channel.CreateBounded<string>(64);
    private readonly HashSet<string> _heard = new(StringComparer.Ordinal);
    private long _wanted;

    /// <summary>The operator asks; the same request counts once.</summary>
    public void Ask(string request)
    {
        lock (_heard)
        {
            if (_heard.Add(request)) _requests.Writer.TryWrite(request);
        }
    }

    /// <summary>The command asks, and goes on asking until it is done. One that is asked again while it is being saved counts once.</summary>
    public void AskFromCommand(long request)
    {
        if (Interlocked.Exchange(ref _wanted, request) != request) _requests.Writer.TryWrite("");
    }

    /// <summary>Runs until the command is over. A save that is under way then is finished: the last one has to wait for it.</summary>
    public async Task RunAsync(CancellationToken over, CancellationToken stop)
    {
        var interval = policy.IntervalSeconds > 0 ? TimeSpan.FromSeconds(policy.IntervalSeconds) : Timeout.InfiniteTimeSpan;
        try
        {
            while (true)
            {
                var request = await NextAsync(interval, over);
                if (!await SaveAsync(request, stop)) await Task.Delay(AfterTrouble, over);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or RunnerReplacedException)
        {
            // The command is over; the flow takes the last save.
        }
    }

    /// <summary>One save; false if it has to be tried again. <paramref name="request"/> is null for one that is due, empty for the command's own.</summary>
    public async Task<bool> SaveAsync(string? request, CancellationToken cancel)
    {
        // Read before the files are: what the command asks for later may not be in this save.
        var wanted = request == "" ? Interlocked.Read(ref _wanted) : 0;
        var scratch = spool.Scratch();
        try
        {
            var link = await slot.LinkAsync(record.Boot, cancel);
            var digest = await ReadAsync(link, scratch);
            var last = spool.Checkpoints.Last;
            var nothing = digest == last.Digest || (last.Number == 0 && new FileInfo(scratch).Length <= EmptyTarBytes);
            var number = nothing ? last.Number : spool.Checkpoints.Add(scratch, digest, policy.Keep);
            host.CheckpointTaken(record.Attempt, spool, number, request is { Length: > 0 } ? request : null);
            if (request == "") await link.SaveDoneAsync(step, wanted);
            return true;
        }
        catch (Exception e) when (e is RunnerLinkClosedException or SlotFileException or IOException or UnauthorizedAccessException)
        {
            AgentLog.Warn("a checkpoint could not be saved", ("attempt", record.Attempt), ("reason", e.Message));
            if (request is { Length: > 0 }) _requests.Writer.TryWrite(request);
            return false;
        }
        finally
        {
            if (request == "") Interlocked.CompareExchange(ref _wanted, 0, wanted);
            File.Delete(scratch);
        }
    }

    private async Task<string?> NextAsync(TimeSpan interval, CancellationToken over)
    {
        using var due = CancellationTokenSource.CreateLinkedTokenSource(over);
        due.CancelAfter(interval);
        try
        {
            return await _requests.Reader.ReadAsync(due.Token);
        }
        catch (OperationCanceledException) when (!over.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<string> ReadAsync(RunnerLink link, string scratch)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var file = new HashingStream(File.Create(scratch), hash)) await link.ReadTreeAsync(directory, host.Options.CheckpointLimitBytes, file);
        return Digests.Format(hash.GetHashAndReset());
    }
}
