using System.Threading.Channels;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Leadership;
using Berth.Protocol;

namespace Berth.Operator.Agents;

/// <summary>
/// Sends orders to agents, in order. Before each batch the Lease is read live, so that a leader that was paused and has been replaced
/// sends nothing. What is not sent is not lost: the next pass of its task, under whoever leads, orders it again.
/// </summary>
internal sealed class Dispatcher(AgentRegistry agents, ILogger<Dispatcher> log)
{
    private const int BatchSize = 512;

    private readonly Channel<Message> _queue = Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Queues an order. <paramref name="sent"/> runs once it was handed to the connection.</summary>
    public void Send(Term term, string podUid, Order order, Action? sent = null) => _queue.Writer.TryWrite(new Message(term, podUid, order, sent));

    /// <summary>
    /// Tells the agent to record an attempt as cancelled that was written but cannot be sent. Its answer, that it was ended before it
    /// began, brings the task back.
    /// </summary>
    public void Refuse(Term term, AttemptStatus attempt, Fault fault) =>
        Send(term, attempt.PodUid, new Cancel { Epoch = term.Epoch, Attempt = attempt.Id, Slot = attempt.Slot, Reason = $"{fault.Reason}: {fault.Message}" });

    /// <summary>Runs for one term.</summary>
    public async Task RunAsync(Term term, CancellationToken cancellationToken)
    {
        var batch = new List<Message>(BatchSize);
        while (await _queue.Reader.WaitToReadAsync(cancellationToken))
        {
            batch.Clear();
            while (batch.Count < BatchSize && _queue.Reader.TryRead(out var message)) batch.Add(message);
            if (batch.All(m => m.Term != term)) continue;
            if (!await term.ConfirmAsync(cancellationToken))
            {
                log.LogError("The Lease is no longer ours; {Count} orders were not sent", batch.Count);
                return;
            }
            foreach (var message in batch)
                if (message.Term == term) Deliver(message);
        }
    }

    private void Deliver(Message message)
    {
        if (agents.Session(message.PodUid) is not { } session || !session.TrySend(message.Order)) return;
        message.Sent?.Invoke();
    }

    private sealed record Message(Term Term, string PodUid, Order Order, Action? Sent);
}
