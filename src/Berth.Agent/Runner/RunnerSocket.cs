using System.Net.Sockets;
using Berth.Protocol.Runner;

namespace Berth.Agent.Runner;

/// <summary>The runner's side of one connection; blocking, because a handful of threads is all the runner has.</summary>
internal sealed class RunnerSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly object _sending = new();

    public RunnerSocket(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    /// <summary>Whether output may be sent; false until the agent took this runner and its step.</summary>
    public bool Live { get; set; }

    /// <summary>Sends a whole frame; a broken connection shows in <see cref="Receive"/>, which is where it is handled.</summary>
    public void Send(byte[] frame)
    {
        lock (_sending)
        {
            try
            {
                for (var sent = 0; sent < frame.Length;) sent += _socket.Send(frame, sent, frame.Length - sent, SocketFlags.None);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                Live = false;
            }
        }
    }

    /// <summary>The next frame; null when the connection is over.</summary>
    public (FrameKind Kind, byte[] Payload)? Receive()
    {
        var header = new byte[RunnerWire.HeaderBytes];
        if (!Fill(header)) return null;
        var (length, kind) = RunnerWire.Header(header);
        var payload = new byte[length];
        return Fill(payload) ? (kind, payload) : null;
    }

    public void Dispose() => _socket.Dispose();

    private bool Fill(byte[] buffer)
    {
        for (var filled = 0; filled < buffer.Length;)
        {
            int count;
            try
            {
                count = _socket.Receive(buffer, filled, buffer.Length - filled, SocketFlags.None);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
            if (count == 0) return false;
            filled += count;
        }
        return true;
    }
}
