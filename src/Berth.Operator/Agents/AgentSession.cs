using System.Threading.Channels;
using Berth.Protocol;

namespace Berth.Operator.Agents;

/// <summary>One connection of one agent: a bounded outgoing queue and what is needed to tell it from its successor.</summary>
internal sealed class AgentSession(Hello hello, long number, CancellationTokenSource closed)
{
    private const int OutgoingFrames = 4096;

    private readonly Channel<Frame> _outgoing = Channel.CreateBounded<Frame>(new BoundedChannelOptions(OutgoingFrames) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Number of this connection; a later one replaces it.</summary>
    public long Number { get; } = number;

    /// <summary>Namespace of the pod.</summary>
    public string Namespace { get; } = hello.Namespace;

    /// <summary>Name of the pod.</summary>
    public string Pod { get; } = hello.Pod;

    /// <summary>Uid of the pod.</summary>
    public string PodUid { get; } = hello.PodUid;

    /// <summary>Node.</summary>
    public string Node { get; } = hello.Node;

    /// <summary>Boot id of the node.</summary>
    public string NodeBootId { get; } = hello.NodeBootId;

    /// <summary>Version of the agent's program.</summary>
    public string Version { get; } = hello.AgentVersion;

    /// <summary>Frames to send.</summary>
    public ChannelReader<Frame> Outgoing => _outgoing.Reader;

    /// <summary>Queues a frame; an agent that does not read is disconnected rather than waited for.</summary>
    public bool TrySend(Frame frame)
    {
        if (_outgoing.Writer.TryWrite(frame)) return true;
        Close();
        return false;
    }

    /// <summary>Ends the connection.</summary>
    public void Close()
    {
        _outgoing.Writer.TryComplete();
        if (!closed.IsCancellationRequested) closed.Cancel();
    }
}
