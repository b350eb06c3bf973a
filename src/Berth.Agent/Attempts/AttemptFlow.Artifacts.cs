using System.Security.Cryptography;
using Berth.Agent.Plans;
using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Attempts;

/// <summary>Artifacts and descriptions.</summary>
internal sealed partial class AttemptFlow
{
    private const int TextLimit = 1024 * 1024;
    private const int JsonLimit = 256 * 1024 * 1024;
    private static readonly TimeSpan DescribeLimit = TimeSpan.FromMinutes(5);

    /// <summary>Fetches, verifies and puts the plan's artifacts.</summary>
    private async Task<AttemptResult> RestoreAsync(CancellationToken cancel)
    {
        foreach (var file in order.Restore ?? [])
        {
            var path = spool.Scratch();
            try
            {
                if (await host.Transfers.FetchAsync(order.Attempt, file, path, cancel) is { } problem) return Result(AttemptOutcome.RestoreFailed, problem);
                var put = await OnRunnerAsync(async link =>
                {
                    await using var content = File.OpenRead(path);
                    await link.PutAsync(WorkDirectory, file.Path, content);
                }, cancel);
                if (put is not null) return Result(AttemptOutcome.RestoreFailed, $"cannot write {file.Path} into the slot: {put}");
            }
            finally
            {
                File.Delete(path);
            }
        }
        return Result(AttemptOutcome.Succeeded, null);
    }

    private async Task<AttemptResult> DescribeAsync(StepEnded command, CancellationToken stop, CancellationToken either)
    {
        var artifacts = new List<FileDigest>();
        foreach (var path in order.Artifacts ?? [])
        {
            var (file, problem) = await TakeArtifactAsync(path, either);
            if (file is null) return Result(AttemptOutcome.DescribeFailed, $"the plan command succeeded, but its artifact cannot be taken: {problem}", command);
            artifacts.Add(file);
        }
        var description = await PlanDescription.OfAsync(order, artifacts, spool, PlanText, (name, argv, limit) => CaptureAsync(name, argv, limit, stop));
        if (_cancelled.IsCancellationRequested) return Result(AttemptOutcome.Stopped, "stopped while the plan was described", command);
        if (description.Problem is not null) return Result(AttemptOutcome.DescribeFailed, description.Problem, command);
        var text = description.Text!;
        var digest = Digests.Of(text);
        await File.WriteAllBytesAsync(spool.ArtifactPath(digest), text, CancellationToken.None);
        return Result(AttemptOutcome.Succeeded, null, command, new PlanReport
        {
            Artifacts = artifacts,
            Counts = description.Counts,
            TextDigest = digest,
            TextSize = text.Length,
            SemanticDigest = description.SemanticDigest,
            ToolVersions = description.ToolVersions,
        });
    }

    private (byte[] Bytes, bool Truncated) PlanText() => spool.Output.Select(CommandNumber, 1, TextLimit);

    /// <summary>Streams a file out of the slot into the spool, under the digest of what came.</summary>
    private async Task<(FileDigest? File, string? Problem)> TakeArtifactAsync(string path, CancellationToken cancel)
    {
        FileDigest? taken = null;
        var problem = await OnRunnerAsync(async link =>
        {
            var scratch = spool.Scratch();
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long size;
            await using (var file = new HashingStream(File.Create(scratch), hash))
            {
                await link.ReadAsync(WorkDirectory, path, host.Options.ArtifactLimitBytes, file);
                size = file.Written;
            }
            var digest = Digests.Format(hash.GetHashAndReset());
            File.Move(scratch, spool.ArtifactPath(digest), true);
            taken = new FileDigest { Path = path, Digest = digest, Size = size };
        }, cancel);
        return (taken, problem);
    }

    /// <summary>Runs a describer in the plan's directory. It only reads, so an interrupted one is simply run again.</summary>
    private async Task<(Capture Output, StepEnded End)> CaptureAsync(string name, IReadOnlyList<string> argv, int limit, CancellationToken stop)
    {
        while (true)
        {
            var capture = new Capture(Math.Min(limit, JsonLimit));
            var unique = $"{name}-{Guid.NewGuid():N}"; // an id is started once; every describer run has its own
            var end = await RunStepAsync(unique, DescribeNumber, new CommandOrder { Argv = argv, TimeoutSeconds = (int)DescribeLimit.TotalSeconds }, capture, stop);
            return (capture, end);
        }
    }
}
