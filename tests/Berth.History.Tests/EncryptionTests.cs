using System.Text;
using Berth.Api;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Artifacts and logs at rest.</summary>
public sealed class EncryptionTests(HistoryFixture fixture)
{
    private static readonly byte[] One = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] Two = [.. Enumerable.Repeat((byte)2, 32)];

    [Fact]
    public async Task Nothing_readable_is_in_the_database_and_everything_comes_back()
    {
        await using var test = await fixture.StoreAsync(With("k1", ("k1", One)));
        var bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("the password is swordfish. ", 5_000)));
        await BytesTests.PutAsync(test, bytes, "a-1");
        await test.Store.AppendLogAsync(new LogAppend { TaskUid = "uid", Attempt = "a-1", Bytes = bytes });
        var stored = (await test.RowsAsync("select data from berth.artifact_chunks union all select data from berth.log_chunks")).Select(r => (byte[])r[0]!).ToList();
        Assert.Equal(2, stored.Count);
        Assert.All(stored, s => Assert.DoesNotContain("swordfish", Encoding.Latin1.GetString(s)));
        Assert.All(stored, s => Assert.Equal((byte)2, s[0]));
        Assert.Equal(bytes, await BytesTests.ReadAsync(test, Digests.Of(bytes)));
        Assert.Equal(Encoding.ASCII.GetString(bytes), await BytesTests.LogAsync(test, 0));
    }

    [Fact]
    public async Task Old_keys_and_plain_chunks_are_still_read_and_a_missing_key_is_named()
    {
        await using var plain = await fixture.StoreAsync();
        await using var first = new TestStore(new HistoryStore(plain.ConnectionString, With("k1", ("k1", One))), plain.ConnectionString);
        await using var rotated = new TestStore(new HistoryStore(plain.ConnectionString, With("k2", ("k1", One), ("k2", Two))), plain.ConnectionString);
        await using var without = new TestStore(new HistoryStore(plain.ConnectionString, With("k2", ("k2", Two))), plain.ConnectionString);
        var written = new List<byte[]>();
        foreach (var store in (TestStore[])[plain, first, rotated])
        {
            written.Add(BytesTests.Noise(2_000));
            await BytesTests.PutAsync(store, written[^1], "a-" + written.Count);
        }
        foreach (var bytes in written) Assert.Equal(bytes, await BytesTests.ReadAsync(rotated, Digests.Of(bytes)));
        var error = await Assert.ThrowsAsync<HistoryUnavailableException>(() => BytesTests.ReadAsync(without, Digests.Of(written[1])));
        Assert.Equal(HistoryUnavailableReason.KeyMissing, error.Reason);
        Assert.Contains("'k1'", error.Message);
    }

    [Theory]
    [InlineData("update berth.log_chunks set data = set_byte(data, length(data) - 1, (get_byte(data, length(data) - 1) + 1) % 256) where start_offset = 1024")]
    [InlineData("update berth.log_chunks set data = set_byte(data, 6, (get_byte(data, 6) + 1) % 256) where start_offset = 1024")]
    [InlineData("update berth.log_chunks set data = substring(data for 20) where start_offset = 1024")]
    [InlineData("update berth.log_chunks set data = (select data from berth.log_chunks where start_offset = 0) where start_offset = 1024")]
    [InlineData("update berth.log_chunks set data = '\\x00666f726765642120' where start_offset = 1024")]
    public async Task Tampering_is_noticed(string tampering)
    {
        var ring = new EncryptionKeyRing(new Dictionary<string, byte[]> { ["k1"] = One }, "k1") { AcceptPlain = false };
        await using var test = await fixture.StoreAsync(new HistoryOptions { Keys = ring, ChunkBytes = 1024 });
        await test.Store.AppendLogAsync(new LogAppend { TaskUid = "uid", Attempt = "a-1", Bytes = BytesTests.Noise(3_000) });
        await test.ExecuteAsync(tampering);
        await Assert.ThrowsAsync<ArtifactMismatchException>(() => BytesTests.LogAsync(test, 0));
    }

    [Fact]
    public void A_mounted_Secret_is_a_ring_whose_last_name_is_current()
    {
        var directory = Directory.CreateTempSubdirectory("berth-keys-").FullName;
        try
        {
            File.WriteAllBytes(directory + "/key-1", One);
            File.WriteAllText(directory + "/key-2", Convert.ToBase64String(Two) + "\n");
            File.WriteAllText(directory + "/..data", "not a key");
            var ring = EncryptionKeyRing.FromDirectory(directory);
            Assert.Equal("key-2", ring.Current);
            Assert.Equal(["key-1", "key-2"], ring.Ids.Order(StringComparer.Ordinal));
            File.WriteAllText(directory + "/key-3", "short");
            Assert.Contains("key-3", Assert.Throws<ArgumentException>(() => EncryptionKeyRing.FromDirectory(directory)).Message);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static HistoryOptions With(string current, params (string Id, byte[] Key)[] keys) =>
        new() { Keys = new EncryptionKeyRing(keys.ToDictionary(k => k.Id, k => k.Key), current) };
}
