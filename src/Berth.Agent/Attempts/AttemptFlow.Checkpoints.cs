using Berth.Agent.Slots;
using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Attempts;

/// <summary>What the command saved, given back at the start and taken while it runs.</summary>
internal sealed partial class AttemptFlow
{
    private const string ArriveAs = ".berth-checkpoint.tar";
    private static readonly TimeSpan LastSaveLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LastUploadLimit = TimeSpan.FromSeconds(10);

    private CheckpointSaver? _saver;
    private volatile string? _early;

    /// <summary>Directory beside the working directory whose content is saved.</summary>
    public string CheckpointDirectory => order.Attempt + ".checkpoint";

    /// <summary>The operator asks for a save.</summary>
    public void SaveNow(string request)
    {
        // Before the command has begun there is nothing to save; the request waits for it.
        _early = request;
        _saver?.Ask(request);
    }

    /// <summary>Puts the best checkpoint there is into place; the answer is why the attempt must not begin.</summary>
    private async Task<string?> RestoreCheckpointAsync(CancellationToken cancel)
    {
        if (await OnRunnerAsync(link => link.UnpackTreeAsync(CheckpointDirectory), cancel) is { } unusable) return unusable;
        if (!order.Checkpoint!.Resume) return null;
        var (offers, problem) = await host.Transfers.CheckpointsAsync(order.Attempt, cancel);
        if (offers is null) return problem;
        var skipped = new List<string>();
        string? chosen = null;
        foreach (var offer in offers.Checkpoints)
        {
            if (await TryCheckpointAsync(offer, cancel) is not { } wrong)
            {
                chosen = offer.Name;
                break;
            }
            skipped.Add($"{offer.Name}: {wrong}");
            AgentLog.Warn("a checkpoint cannot be used", ("attempt", order.Attempt), ("checkpoint", offer.Name), ("why", wrong));
        }
        if (chosen is null && skipped.Count > 0 && await OnRunnerAsync(link => link.UnpackTreeAsync(CheckpointDirectory), cancel) is { } again) return again;
        if (chosen is not null || skipped.Count > 0)
        {
            if (chosen is not null) spool.Checkpoints.Baseline(offers.Checkpoints.First(o => o.Name == chosen).Digest);
            spool.Checkpoints.Began = new Resumed { Attempt = order.Attempt, Checkpoint = chosen, Skipped = skipped };
            host.Tell(spool.Checkpoints.Began);
        }
        return chosen is null && offers.Named ? $"no checkpoint can be used: {string.Join("; ", skipped)}" : null;
    }

    private async Task<string?> TryCheckpointAsync(CheckpointOffer offer, CancellationToken cancel)
    {
        var path = spool.Scratch();
        try
        {
            var file = new FileDigest { Path = offer.Name, Digest = offer.Digest, Size = offer.Size };
            if (await host.Transfers.FetchCheckpointAsync(order.Attempt, file, path, cancel) is { } problem) return problem;
            return await OnRunnerAsync(async link =>
            {
                await using var content = File.OpenRead(path);
                await link.PutAsync(WorkDirectory, ArriveAs, content);
                await link.UnpackTreeAsync(CheckpointDirectory, WorkDirectory, ArriveAs);
            }, cancel);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private async Task<StepEnded> RunCommandAsync(CancellationToken stop)
    {
        if (order.Checkpoint is not { } policy) return await RunStepAsync(CommandStep, CommandNumber, order.Command!, null, stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var saves = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _saver = new CheckpointSaver(host, slot, record, policy, spool, CheckpointDirectory, $"{order.Attempt}/{CommandStep}");
        if (_early is { } request) _saver.Ask(request);
        host.UploadCheckpoints(order.Attempt, spool);
        var saving = _saver.RunAsync(over.Token, saves.Token);
        try
        {
            return await RunStepAsync(CommandStep, CommandNumber, order.Command!, null, stop);
        }
        finally
        {
            await over.CancelAsync();
            saves.CancelAfter(LastSaveLimit);
            await saving;
        }
    }

    /// <summary>Everything in the slot is dead, so what lies there is still; the next attempt goes on from it.</summary>
    private async Task SaveAtEndAsync(CancellationToken stop)
    {
        if (_saver is not { } saver) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LastSaveLimit);
        try
        {
            await saver.SaveAsync(null, limit.Token);
            await host.CheckpointsUploadedAsync(order.Attempt).WaitAsync(LastUploadLimit, stop);
        }
        catch (Exception e) when (e is RunnerReplacedException or TimeoutException || e is OperationCanceledException && !stop.IsCancellationRequested)
        {
            AgentLog.Warn("the last state of a command was not stored in time", ("attempt", order.Attempt), ("reason", e.Message));
        }
    }
}
