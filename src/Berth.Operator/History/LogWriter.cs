using System.Threading.Channels;
using Berth.Core.Pools;
using Berth.History;
using Berth.Operator.Agents;
using Berth.Protocol;

namespace Berth.Operator.History;

/// <summary>Writes output to the database and acknowledges it after the commit. While the database is away agents keep it.</summary>
internal sealed class LogWriter(HistoryStore store, AgentRegistry agents, HistoryCondition condition, TimeProvider time, ILogger<LogWriter> log)
{
    private const int QueueFrames = 512;
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(1);
    private readonly Channel<(AgentSession Session, Output Output)> _queue = Channel.CreateBounded<(AgentSession, Output)>(QueueFrames);

    /// <summary>Queues a piece; waits when the database is slower than the agents, so that their windows close.</summary>
    public ValueTask WriteAsync(AgentSession session, Output output, CancellationToken cancellationToken) => _queue.Writer.WriteAsync((session, output), cancellationToken);

    /// <summary>Writes until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var batch = new List<(AgentSession Session, Output Output)>();
        while (await _queue.Reader.WaitToReadAsync(cancellationToken))
        {
            batch.Clear();
            while (batch.Count < QueueFrames && _queue.Reader.TryRead(out var item)) batch.Add(item);
            await StoreAsync(batch, cancellationToken);
        }
    }

    private async Task StoreAsync(List<(AgentSession Session, Output Output)> batch, CancellationToken cancellationToken)
    {
        var groups = batch.GroupBy(b => b.Output.Attempt, StringComparer.Ordinal).ToDictionary(g => g.Key, g => (g.Last().Session, Pieces: g.Select(x => x.Output).OrderBy(o => o.Offset).ToList()), StringComparer.Ordinal);
        while (!await TryStoreAsync(groups, cancellationToken))
        {
            // An agent that left sends everything unacknowledged again when it is back.
            foreach (var (attempt, group) in groups)
                if (group.Session.Outgoing.Completion.IsCompleted) groups.Remove(attempt);
            if (groups.Count == 0)
            {
                // Nothing waits for this use any more; whether the database is well the probe tells.
                condition.Succeeded(HistoryUse.Output);
                return;
            }
            await Task.Delay(TryAgain, time, cancellationToken);
        }
    }

    private async Task<bool> TryStoreAsync(Dictionary<string, (AgentSession Session, List<Output> Pieces)> groups, CancellationToken cancellationToken)
    {
        try
        {
            var appends = groups.Select(g => new LogAppend { TaskUid = AgentCleanup.TaskOf(g.Key), Attempt = g.Key, Offset = g.Value.Pieces[0].Offset, Bytes = Join(g.Value.Pieces) }).ToList();
            var states = await store.AppendLogsAsync(appends, cancellationToken);
            foreach (var (attempt, group) in groups)
            {
                if (!states.TryGetValue(attempt, out var state)) continue;
                var end = group.Pieces.FirstOrDefault(p => p.End);
                var whole = end is not null && state.Received >= end.Offset + end.Data.Length;
                if (whole) await store.CompleteLogAsync(AgentCleanup.TaskOf(attempt), attempt, cancellation: cancellationToken);
                group.Session.TrySend(new OutputAck { Attempt = attempt, Offset = state.Received });
                if (whole) agents.OutputStored(group.Session.PodUid, attempt);
            }
            condition.Succeeded(HistoryUse.Output);
            return true;
        }
        catch (HistoryUnavailableException e)
        {
            condition.Failed(HistoryUse.Output, e);
            log.LogDebug("Output cannot be stored now: {Message}", e.Message);
            return false;
        }
    }

    /// <summary>Joins pieces that follow each other; one that leaves a gap is left for the agent to send again.</summary>
    private static byte[] Join(IReadOnlyList<Output> pieces)
    {
        var from = pieces[0].Offset;
        using var joined = new MemoryStream();
        foreach (var piece in pieces)
        {
            var skip = from + joined.Length - piece.Offset;
            if (skip < 0) break;
            if (skip < piece.Data.Length) joined.Write(piece.Data, (int)skip, piece.Data.Length - (int)skip);
        }
        return joined.ToArray();
    }
}
