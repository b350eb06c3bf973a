using System.Net.Sockets;
using Berth.Protocol.Runner;

namespace Berth.Agent.Slots;

/// <summary>Frames over one accepted socket.</summary>
internal sealed class RunnerChannel(Socket socket) : IDisposable
{
    private readonly SemaphoreSlim _sending = new(1);

    public Socket Socket => socket;

    public Task SendAsync(byte[] frame) => SendAsync(() => frame);

    /// <summary>Sends a frame that is made when its turn has come.</summary>
    public async Task SendAsync(Func<byte[]> make)
    {
        await _sending.WaitAsync();
        try
        {
            ReadOnlyMemory<byte> rest = make();
            while (rest.Length > 0) rest = rest[await socket.SendAsync(rest, SocketFlags.None)..];
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new RunnerLinkClosedException();
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>The next frame; null at the end of the connection.</summary>
    public async Task<(FrameKind Kind, byte[] Payload)?> ReceiveAsync(int most = RunnerWire.MaxPayloadBytes, CancellationToken cancel = default)
    {
        var header = new byte[RunnerWire.HeaderBytes];
        if (!await FillAsync(header, cancel)) return null;
        var (length, kind) = RunnerWire.Header(header);
        if (length > most) throw new InvalidDataException("the first message is too large for a hello");
        var payload = new byte[length];
        return await FillAsync(payload, cancel) ? (kind, payload) : null;
    }

    public void Dispose() => socket.Dispose();

    private async Task<bool> FillAsync(byte[] buffer, CancellationToken cancel)
    {
        for (var filled = 0; filled < buffer.Length;)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(filled), SocketFlags.None, cancel);
            if (count == 0) return false;
            filled += count;
        }
        return true;
    }
}
