using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Berth.Protocol;

namespace Berth.Operator.Gateway;

/// <summary>Frames over one WebSocket. One reader and one writer at a time.</summary>
internal sealed class FrameSocket(WebSocket socket)
{
    /// <summary>Reads one frame; null at the end of the connection or when it sends what no frame is.</summary>
    public async Task<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length) buffer = Grow(buffer, length);
                var received = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                if (received.MessageType != WebSocketMessageType.Text) return null;
                length += received.Count;
                if (length > ProtocolFacts.MaxFrameBytes) return null;
                if (received.EndOfMessage) return ProtocolJson.Read(buffer.AsSpan(0, length));
            }
        }
        catch (JsonException)
        {
            return null;
        }
        catch (WebSocketException)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Writes one frame.</summary>
    public ValueTask WriteAsync(Frame frame, CancellationToken cancellationToken) =>
        socket.SendAsync(ProtocolJson.Write(frame).AsMemory(), WebSocketMessageType.Text, true, cancellationToken);

    /// <summary>Says goodbye, if the other side still listens.</summary>
    public async Task CloseAsync(string reason, CancellationToken cancellationToken)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived) await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, reason, cancellationToken);
        }
        catch (WebSocketException)
        {
            // The other side is gone already; there is nobody to tell.
        }
    }

    private static byte[] Grow(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
