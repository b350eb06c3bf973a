using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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
    public Task<bool> StoreAsync(string attempt, string kind, FileDigest file, string source, CancellationToken cancel) =>
        SendAsync(attempt, PathOf(attempt, kind, file), file, source, status => status == HttpStatusCode.Gone, cancel);

    /// <summary>Stores a checkpoint; false when the operator will never want it.</summary>
    public Task<bool> StoreCheckpointAsync(string attempt, int number, FileDigest file, string source, CancellationToken cancel) =>
        SendAsync(attempt, $"{ProtocolFacts.CheckpointsPath(attempt)}/{number.ToString(CultureInfo.InvariantCulture)}?digest={Uri.EscapeDataString(file.Digest)}", file, source, status => (int)status is 400 or 403 or 404 or 410 or 413, cancel);

    private async Task<bool> SendAsync(string attempt, string path, FileDigest file, string source, Func<HttpStatusCode, bool> unwanted, CancellationToken cancel)
    {
        var backoff = TimeSpan.FromMilliseconds(200);
        while (true)
        {
            var session = await host.Gateway.SessionAsync(cancel);
            if (!File.Exists(source)) return false; // dropped meanwhile: nobody wants it any more
            TimeSpan? wanted = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, session.Uri("https", path));
                request.Headers.Authorization = session.Token();
                request.Content = new StreamContent(File.OpenRead(source));
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                request.Content.Headers.ContentLength = file.Size;
                using var answer = await session.Invoker.SendAsync(request, cancel);
                if (answer.IsSuccessStatusCode) return true;
                if (unwanted(answer.StatusCode)) return false;
                wanted = answer.Headers.RetryAfter?.Delta;
                AgentLog.Warn("the operator did not take a file; trying again", ("attempt", attempt), ("path", file.Path), ("status", $"{(int)answer.StatusCode}"));
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
    public Task<string?> FetchAsync(string attempt, FileDigest file, string target, CancellationToken cancel) =>
        FetchAsync(PathOf(attempt, "artifact", file), file, target, FetchLimit, cancel);

    /// <summary>Fetches a checkpoint and verifies it, however long the database is away; the answer is what is wrong with it.</summary>
    public Task<string?> FetchCheckpointAsync(string attempt, FileDigest file, string target, CancellationToken cancel) =>
        FetchAsync($"{ProtocolFacts.CheckpointsPath(attempt)}/{file.Digest}", file, target, Timeout.InfiniteTimeSpan, cancel);

    /// <summary>What an attempt may begin with, however long the answer takes; or why it must not begin.</summary>
    public async Task<(CheckpointOffers? Offers, string? Problem)> CheckpointsAsync(string attempt, CancellationToken cancel)
    {
        for (var backoff = TimeSpan.FromMilliseconds(200); ; backoff = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, backoff.Ticks * 2)))
        {
            var session = await host.Gateway.SessionAsync(cancel);
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, session.Uri("https", ProtocolFacts.CheckpointsPath(attempt)));
                request.Headers.Authorization = session.Token();
                using var answer = await session.Invoker.SendAsync(request, cancel);
                var body = await answer.Content.ReadAsByteArrayAsync(cancel);
                if (answer.IsSuccessStatusCode) return (JsonSerializer.Deserialize(body, ProtocolJson.Default.CheckpointOffers), null);
                if (answer.StatusCode == HttpStatusCode.NotFound) return (null, Encoding.UTF8.GetString(body).Trim());
                AgentLog.Warn("checkpoints cannot be listed yet; trying again", ("attempt", attempt), ("status", $"{(int)answer.StatusCode}"));
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or ObjectDisposedException && !cancel.IsCancellationRequested)
            {
                AgentLog.Warn("checkpoints cannot be listed yet; trying again", ("attempt", attempt), ("reason", e.Message));
            }
            await Task.Delay(backoff * (0.5 + Random.Shared.NextDouble()), cancel);
        }
    }

    private async Task<string?> FetchAsync(string path, FileDigest file, string target, TimeSpan limit, CancellationToken cancel)
    {
        var since = Stopwatch.GetTimestamp();
        var backoff = TimeSpan.FromMilliseconds(200);
        for (var mismatches = 0; ;)
        {
            var (problem, final) = await FetchOnceAsync(path, file, target, cancel);
            if (problem is null) return null;
            if (final && ++mismatches == 2 || limit > TimeSpan.Zero && Stopwatch.GetElapsedTime(since) > limit) return $"{file.Path}: {problem}";
            await Task.Delay(backoff * (0.5 + Random.Shared.NextDouble()), cancel);
            backoff = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, backoff.Ticks * 2));
        }
    }

    private async Task<(string? Problem, bool Final)> FetchOnceAsync(string path, FileDigest file, string target, CancellationToken cancel)
    {
        var session = await host.Gateway.SessionAsync(cancel);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, session.Uri("https", path));
            request.Headers.Authorization = session.Token();
            using var answer = await session.Invoker.SendAsync(request, cancel);
            if (!answer.IsSuccessStatusCode) return ($"the operator answered {(int)answer.StatusCode} {answer.ReasonPhrase}", answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden or HttpStatusCode.UnprocessableEntity);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using var sink = new HashingStream(File.Create(target), hash);
            await using var body = await answer.Content.ReadAsStreamAsync(cancel);
            var buffer = new byte[64 * 1024];
            for (int count; (count = await body.ReadAsync(buffer, cancel)) > 0;)
            {
                if (sink.Written + count > file.Size) return ($"it is larger than the {file.Size} bytes that it should have", true);
                await sink.WriteAsync(buffer.AsMemory(0, count), cancel);
            }
            if (sink.Written != file.Size) return ($"{sink.Written} of {file.Size} bytes came", true);
            var digest = Digests.Format(hash.GetHashAndReset());
            return digest == file.Digest ? (null, false) : ($"it has digest {Digests.Short(digest)}; {Digests.Short(file.Digest)} is expected", true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or ObjectDisposedException && !cancel.IsCancellationRequested)
        {
            return (e.Message, false);
        }
    }

    private static string PathOf(string attempt, string kind, FileDigest file) =>
        $"{ProtocolFacts.ArtifactPath(attempt, file.Digest)}?kind={kind}&path={Uri.EscapeDataString(file.Path)}";
}
