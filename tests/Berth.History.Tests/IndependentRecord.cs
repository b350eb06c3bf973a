using System.Collections.Concurrent;
using System.Diagnostics;
using Berth.Api;
using Xunit;

namespace Berth.History.Tests;

/// <summary>What was acknowledged, written down beside the database and compared with it row by row.</summary>
internal sealed class IndependentRecord
{
    private readonly ConcurrentDictionary<(string Uid, long Seq), OutboxEntry> entries = new();

    public async Task WriteAsync(HistoryStore store, string uid, params long[] seqs)
    {
        var batch = Make.Batch(uid, seqs);
        var written = await store.WriteTransitionsAsync([batch]);
        Assert.Empty(written.Differences);
        Assert.Empty(written.Lost);
        foreach (var entry in batch.Entries.Where(e => e.Seq <= written.Acknowledged[uid])) entries[(uid, entry.Seq)] = entry;
    }

    /// <summary>Writes as the operator does: until it is acknowledged.</summary>
    public async Task InsistAsync(HistoryStore store, string uid, params long[] seqs)
    {
        for (var limit = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            try
            {
                await WriteAsync(store, uid, seqs);
                return;
            }
            catch (HistoryUnavailableException e) when (e.Retryable && limit.Elapsed < TimeSpan.FromSeconds(60))
            {
                // The next round tries again; what counts is the comparison at the end.
            }
        }
    }

    public async Task VerifyAsync(HistoryStore store)
    {
        Assert.NotEmpty(entries);
        foreach (var task in entries.GroupBy(e => e.Key.Uid))
            Assert.Equal(task.OrderBy(e => e.Key.Seq).Select(e => e.Value), await store.GetTransitionsAsync(task.Key));
    }
}
