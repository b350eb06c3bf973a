using System.Text;
using Berth.Api;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Artifacts by digest, logs by offset.</summary>
public sealed class BytesTests(HistoryFixture fixture)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData((1 << 20) - 1)]
    [InlineData(1 << 20)]
    [InlineData((3 << 20) + 17)]
    public async Task An_artifact_comes_back_whole(int size)
    {
        await using var test = await fixture.StoreAsync();
        var bytes = Noise(size);
        Assert.True(await PutAsync(test, bytes, "a-1"));
        Assert.False(await PutAsync(test, bytes, "a-2"));
        Assert.Equal(bytes, await ReadAsync(test, Digests.Of(bytes)));
        Assert.Equal([[1L, 2L]], await test.RowsAsync("select (select count(*) from berth.artifacts), (select count(*) from berth.artifact_links)"));
        Assert.Equal(Math.Max(0, (size + (1 << 20) - 1) >> 20), await test.OneAsync<long>("select count(*) from berth.artifact_chunks"));
    }

    [Fact]
    public async Task Bytes_that_are_not_what_was_promised_are_refused_and_not_kept()
    {
        await using var test = await fixture.StoreAsync();
        var bytes = Noise(100_000);
        var link = Link(bytes, "a-1");
        await Assert.ThrowsAsync<ArtifactMismatchException>(() => test.Store.PutArtifactAsync(new MemoryStream(Noise(100_000)), link));
        await Assert.ThrowsAsync<ArtifactMismatchException>(() => test.Store.PutArtifactAsync(new MemoryStream(bytes[..500]), link));
        await Assert.ThrowsAsync<ArtifactMismatchException>(() => test.Store.PutArtifactAsync(new MemoryStream([.. bytes, 1]), link));
        Assert.Equal([[0L, 0L, 0L]], await test.RowsAsync("select (select count(*) from berth.artifacts), (select count(*) from berth.artifact_links), (select count(*) from berth.artifact_chunks)"));
        Assert.Null(await test.Store.OpenArtifactAsync(link.Digest));
        Assert.Empty(await test.Store.HasArtifactsAsync([link.Digest]));
    }

    [Fact]
    public async Task Damage_in_the_database_is_noticed()
    {
        await using var test = await fixture.StoreAsync();
        var bytes = Noise(5_000);
        await PutAsync(test, bytes, "a-1");
        await test.ExecuteAsync("update berth.artifact_chunks set data = set_byte(data, 2000, (get_byte(data, 2000) + 1) % 256)");
        await Assert.ThrowsAsync<ArtifactMismatchException>(() => ReadAsync(test, Digests.Of(bytes)));
    }

    [Fact]
    public async Task Damaged_bytes_are_replaced_by_the_next_equal_upload()
    {
        await using var test = await fixture.StoreAsync();
        var bytes = Noise(5_000);
        await PutAsync(test, bytes, "a-1");
        await test.ExecuteAsync("update berth.artifact_chunks set data = set_byte(data, 2000, (get_byte(data, 2000) + 1) % 256)");
        await Task.WhenAll(PutAsync(test, bytes, "a-2"), PutAsync(test, bytes, "a-3"));
        Assert.Equal(bytes, await ReadAsync(test, Digests.Of(bytes)));
        Assert.Equal([[1L, 3L, 1L]], await test.RowsAsync("select (select count(*) from berth.artifacts), (select count(*) from berth.artifact_links), (select count(*) from berth.artifact_chunks)"));
        Assert.Empty(await test.Store.VerifyAsync());
    }

    [Fact]
    public async Task Equal_uploads_at_the_same_time_leave_one_copy()
    {
        await using var test = await fixture.StoreAsync();
        var bytes = Noise(2 << 20);
        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => PutAsync(test, bytes, "a-" + i)));
        Assert.Single(results, r => r);
        Assert.Equal([[1L, 6L, 2L]], await test.RowsAsync("select (select count(*) from berth.artifacts), (select count(*) from berth.artifact_links), (select count(*) from berth.artifact_chunks)"));
        Assert.Equal(bytes, await ReadAsync(test, Digests.Of(bytes)));
    }

    [Fact]
    public async Task Stored_bytes_can_be_linked_without_being_sent()
    {
        await using var test = await fixture.StoreAsync();
        var bytes = Noise(1000);
        Assert.False(await test.Store.LinkArtifactAsync(Link(bytes, "a-2")));
        await PutAsync(test, bytes, "a-1");
        Assert.True(await test.Store.LinkArtifactAsync(Link(bytes, "a-2")));
        Assert.Equal(2, await test.OneAsync<long>("select count(*) from berth.artifact_links"));
    }

    [Fact]
    public async Task A_log_takes_pieces_that_overlap_and_refuses_gaps()
    {
        await using var test = await fixture.StoreAsync();
        Assert.Equal(5, (await AppendAsync(test, 0, "hello")).Received);
        Assert.Equal(5, (await AppendAsync(test, 0, "hello")).Received);
        Assert.Equal(11, (await AppendAsync(test, 3, "lo world")).Received);
        Assert.Equal(11, (await AppendAsync(test, 20, "too far")).Received);
        Assert.Equal("hello world", await LogAsync(test, 0));
        Assert.Equal("world", await LogAsync(test, 6));
        Assert.Equal("", await LogAsync(test, 11));
        var state = await test.Store.CompleteLogAsync("uid", "a-1", dropped: 3);
        Assert.True(state is { Complete: true, Truncated: true, Dropped: 3, Stored: 11 });
        Assert.Equal(state, await test.Store.GetLogAsync("a-1"));
    }

    [Fact]
    public async Task A_log_keeps_what_fits_and_goes_on_acknowledging()
    {
        await using var test = await fixture.StoreAsync(new HistoryOptions { MaxLogBytes = 10 });
        Assert.True(await AppendAsync(test, 0, "12345678") is { Truncated: false });
        Assert.True(await AppendAsync(test, 8, "abcdef") is { Received: 14, Stored: 10, Truncated: true });
        Assert.True(await AppendAsync(test, 14, "xyz") is { Received: 17, Stored: 10, Truncated: true });
        Assert.Equal("12345678ab", await LogAsync(test, 0));
    }

    [Fact]
    public async Task Two_senders_of_one_log_leave_each_byte_once()
    {
        await using var test = await fixture.StoreAsync(new HistoryOptions { ChunkBytes = 4096 });
        var bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i:D5}\n")));
        async Task SendAsync(int step)
        {
            long next = 0;
            while (next < bytes.Length)
                next = (await test.Store.AppendLogAsync(new LogAppend { TaskUid = "uid", Attempt = "a-1", Offset = next, Bytes = bytes.AsMemory((int)next, Math.Min(step, bytes.Length - (int)next)) })).Received;
        }
        await Task.WhenAll(SendAsync(7_000), SendAsync(11_000), SendAsync(3_000));
        Assert.Equal(Encoding.ASCII.GetString(bytes), await LogAsync(test, 0));
    }

    [Fact]
    public async Task Small_pieces_of_a_complete_log_become_few_chunks_and_the_bytes_stay_the_same()
    {
        var ring = new EncryptionKeyRing(new Dictionary<string, byte[]> { ["k1"] = [.. Enumerable.Repeat((byte)1, 32)] }, "k1");
        await using var test = await fixture.StoreAsync(new HistoryOptions { ChunkBytes = 4096, Keys = ring });
        var expected = string.Concat(Enumerable.Range(0, 1_000).Select(i => $"line {i:D4}\n"));
        for (var at = 0; at < expected.Length; at += 10) await AppendAsync(test, at, expected.Substring(at, 10));
        Assert.Equal(0, await test.Store.MergeLogsAsync());
        await test.Store.CompleteLogAsync("uid", "a-1");
        var stop = new CancellationTokenSource();
        var reader = Task.Run(async () =>
        {
            // Whoever reads meanwhile sees every byte, in the one form or the other.
            while (!stop.IsCancellationRequested) Assert.Equal(expected[5_005..], await LogAsync(test, 5_005));
        });
        Assert.Equal(1, await test.Store.MergeLogsAsync());
        await stop.CancelAsync();
        await reader;
        Assert.Equal(3, await test.OneAsync<long>("select count(*) from berth.log_chunks"));
        Assert.Equal(expected, await LogAsync(test, 0));
        Assert.Equal(expected[4_099..], await LogAsync(test, 4_099));
        Assert.Equal(0, await test.Store.MergeLogsAsync());
        Assert.Empty(await test.Store.VerifyAsync(deep: true));
    }

    internal static byte[] Noise(int size)
    {
        var bytes = new byte[size];
        Random.Shared.NextBytes(bytes);
        return bytes;
    }

    internal static ArtifactLink Link(byte[] bytes, string attempt) => new()
    {
        TaskUid = "uid",
        Attempt = attempt,
        Kind = ArtifactKinds.Plan,
        Path = "plan.bin",
        Digest = Digests.Of(bytes),
        Size = bytes.Length,
    };

    internal static Task<bool> PutAsync(TestStore test, byte[] bytes, string attempt) => test.Store.PutArtifactAsync(new MemoryStream(bytes), Link(bytes, attempt));

    internal static async Task<byte[]> ReadAsync(TestStore test, string digest)
    {
        await using var stream = await test.Store.OpenArtifactAsync(digest);
        using var memory = new MemoryStream();
        await stream!.CopyToAsync(memory);
        return memory.ToArray();
    }

    private static Task<LogState> AppendAsync(TestStore test, long offset, string text) =>
        test.Store.AppendLogAsync(new LogAppend { TaskUid = "uid", Attempt = "a-1", Offset = offset, Bytes = Encoding.UTF8.GetBytes(text) });

    internal static async Task<string> LogAsync(TestStore test, long from)
    {
        using var memory = new MemoryStream();
        await foreach (var piece in test.Store.ReadLogAsync("a-1", from))
        {
            Assert.Equal(from + memory.Length, piece.Offset);
            memory.Write(piece.Bytes.Span);
        }
        return Encoding.UTF8.GetString(memory.ToArray());
    }
}
