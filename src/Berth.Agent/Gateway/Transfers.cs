using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Berth.Agent.Attempts;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Gateway;

/// <summary>Big bytes beside the WebSocket: artifacts to the operator and back.</summary>
internal sealed class Transfers(AgentHost host)
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FetchLimit = TimeSpan.FromMinutes(5);

    /// <summary>Stores a file with the operator, however long that takes; false when the operator will never want it.</summary>
    public async Task<bool> StoreAsync(string attempt, string kind, FileDigest file, string source, CancellationToken cancel)
    {
        var backoff = TimeSpan.FromMilliseconds(200);
        while (true)
        {
            var session = await host.Gateway.SessionAsync(cancel);
            TimeSpan? wanted = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, session.Uri("https", PathOf(attempt, kind, file)));
                request.Headers.Authorization = session.Token();
                request.Content = new StreamContent(File.OpenRead(source));
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                request.Content.Headers.ContentLength = file.Size;
                using var answer = await session.Invoker.SendAsync(request, cancel);
                if (answer.IsSuccessStatusCode) return true;
                if (answer.StatusCode == HttpStatusCode.Gone) return false;
                wanted = answer.Headers.RetryAfter?.Delta;
                AgentLog.Warn("the operator did not take an artifact; trying again", ("attempt", attempt), ("path", file.Path), ("status", $"{(int)answer.StatusCode}"));
            }
            catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException && !cancel.IsCancellationRequested)
            {
                AgentLog.Warn("an upload broke off; trying again", ("attempt", attempt), ("path", file.Path), ("reason", e.Message));
            }
            var pause = backoff * (0.5 + Random.Shared.NextDouble());
            await Task.Delay(wanted > pause ? wanted.Value : pause, cancel); // never sooner than asked, never at once
            backoff = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, backoff.Ticks * 2));
        }
    }

    /// <summary>Fetches a file and verifies it; the answer is what is wrong.</summary>
    public async Task<string?> FetchAsync(string attempt, FileDigest file, string target, CancellationToken cancel)
    {
        var since = Stopwatch.GetTimestamp();
        var backoff = TimeSpan.FromMilliseconds(200);
        for (var mismatches = 0; ;)
        {
            var (problem, final) = await FetchOnceAsync(attempt, file, target, cancel);
            if (problem is null) return null;
            if (final && ++mismatches == 2 || Stopwatch.GetElapsedTime(since) > FetchLimit) return $"{file.Path}: {problem}";
            await Task.Delay(backoff * (0.5 + Random.Shared.NextDouble()), cancel);
            backoff = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, backoff.Ticks * 2));
        }
    }

    private async Task<(string? Problem, bool Final)> FetchOnceAsync(string attempt, FileDigest file, string target, CancellationToken cancel)
    {
        var session = await host.Gateway.SessionAsync(cancel);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, session.Uri("https", PathOf(attempt, "artifact", file)));
            request.Headers.Authorization = session.Token();
            using var answer = await session.Invoker.SendAsync(request, cancel);
            if (!answer.IsSuccessStatusCode) return ($"the operator answered {(int)answer.StatusCode} {answer.ReasonPhrase}", answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var sink = new HashingStream(File.Create(target), hash);
            await using var body = await answer.Content.ReadAsStreamAsync(cancel);
            var buffer = new byte[64 * 1024];
            for (int count; (count = await body.ReadAsync(buffer, cancel)) > 0;)
            {
                if (sink.Written + count > file.Size) return ($"it is larger than the {file.Size} bytes that were approved", true);
                await sink.WriteAsync(buffer.AsMemory(0, count), cancel);
            }
            if (sink.Written != file.Size) return ($"{sink.Written} of {file.Size} bytes came", true);
            var digest = Digests.Format(hash.GetHashAndReset());
            return digest == file.Digest ? (null, false) : ($"it has digest {Digests.Short(digest)}; {Digests.Short(file.Digest)} was approved", true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException && !cancel.IsCancellationRequested)
        {
            return (e.Message, false);
        }
    }

    private static string PathOf(string attempt, string kind, FileDigest file) =>
        $"{ProtocolFacts.ArtifactPath(attempt, file.Digest)}?kind={kind}&path={Uri.EscapeDataString(file.Path)}";
}
