using System.Net.WebSockets;
using System.Threading.Channels;
using Berth.Protocol;

namespace Berth.Agent.Gateway;

/// <summary>Writes one connection: control frames first, then output of every attempt in turn, each within its window.</summary>
internal sealed class FrameSender(ClientWebSocket socket, AgentHost host) : IDisposable
{
    private readonly Channel<Frame> _control = Channel.CreateUnbounded<Frame>();
    private readonly SemaphoreSlim _news = new(0);
    private readonly Dictionary<string, long> _sent = new(StringComparer.Ordinal);
    private readonly HashSet<string> _endSent = new(StringComparer.Ordinal);

    public void Send(Frame frame)
    {
        _control.Writer.TryWrite(frame);
        Nudge();
    }

    public void Nudge()
    {
        if (_news.CurrentCount == 0) _news.Release();
    }

    public async Task SendNowAsync(Frame frame, CancellationToken cancel) =>
        await socket.SendAsync(ProtocolJson.Write(frame), WebSocketMessageType.Text, true, cancel);

    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            while (_control.Reader.TryRead(out var frame)) await SendNowAsync(frame, cancel);
            var any = false;
            foreach (var (attempt, spool) in host.Spools())
            {
                if (NextOutput(attempt, spool.Output) is not { } output) continue;
                any = true;
                await SendNowAsync(output, cancel);
                if (output.End) host.OutputEnded(attempt, spool.Output);
                if (_control.Reader.TryPeek(out _)) break;
            }
            if (!any && !_control.Reader.TryPeek(out _)) await _news.WaitAsync(cancel);
        }
    }

    public void Dispose() => _news.Dispose();

    private Output? NextOutput(string attempt, Spool.OutputSpool spool)
    {
        var ended = spool.Ended; // read first: nothing is added once it is set
        var from = Math.Max(_sent.GetValueOrDefault(attempt), spool.Acknowledged);
        var room = ProtocolFacts.OutputWindowBytes - (from - spool.Acknowledged);
        var data = room <= 0 ? [] : spool.Read(from, (int)Math.Min(ProtocolFacts.MaxOutputBytes, room));
        var end = ended && from + data.Length == spool.Length;
        if (data.Length == 0 && (!end || !_endSent.Add(attempt))) return null;
        if (end) _endSent.Add(attempt);
        _sent[attempt] = from + data.Length;
        return new Output { Attempt = attempt, Offset = from, Data = data, End = end };
    }
}
