using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Berth.Agent.Journal;
using Berth.Protocol.Runner;

namespace Berth.Agent.Slots;

/// <summary>
/// Listens on a slot's socket and tells the slot's runner from anything else in the slot that connects. The nonce of the first
/// hello after a boot identifies the runner; only its memory holds it, and that cannot be read from inside the slot. Another nonce
/// is a new boot, which counts as proof that the runner before is dead; so it is believed only when the kernel says so, or, where it
/// cannot be asked (the agent was restarted), when the known runner does not come back within the probation.
/// </summary>
internal sealed class SlotListener(AgentHost host, Slot slot) : IDisposable
{
    private static readonly TimeSpan HelloLimit = TimeSpan.FromSeconds(5);

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private const int GreetingsAtOnce = 16;
    private const int LargestHello = 64 * 1024;
    private int _looking;
    private int _greetings;

    public void Start(CancellationToken stop)
    {
        var directory = Path.Combine(host.Options.SocketsDirectory, slot.Index.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, "agent.sock");
        File.Delete(path);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        const UnixFileMode All = (UnixFileMode)0b110_110_110;
        File.SetUnixFileMode(path, All); // the slot's user need not be ours
        _socket.Listen(64);
        _ = AcceptAsync(stop);
    }

    /// <summary>Also removes the socket's file, so it has to be done before a successor listens.</summary>
    public void Dispose() => _socket.Dispose();

    private async Task AcceptAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(stop);
                // Whatever runs in the slot can connect; it can keep out its own runner for a moment, and nobody else.
                if (Interlocked.Increment(ref _greetings) > GreetingsAtOnce)
                {
                    Interlocked.Decrement(ref _greetings);
                    socket.Dispose();
                    continue;
                }
                _ = GreetAsync(new RunnerChannel(socket), stop);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || stop.IsCancellationRequested)
            {
                return;
            }
            catch (SocketException e)
            {
                AgentLog.Error("accept on a slot's socket failed", e, ("slot", slot.Index.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                await Task.Delay(TimeSpan.FromMilliseconds(200), CancellationToken.None);
            }
        }
    }

    private async Task GreetAsync(RunnerChannel channel, CancellationToken stop)
    {
        // Also one that is greeted while the agent ends: its runner must be free to dial the successor.
        using var ending = stop.Register(channel.Dispose);
        var greeting = true;
        try
        {
            var peer = Peer.Of(channel.Socket);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(HelloLimit);
            var first = await channel.ReceiveAsync(LargestHello, limit.Token);
            if (first is not { Kind: FrameKind.Control } frame || RunnerWire.Read(frame.Payload) is not RunnerHello hello || hello.Nonce.Length < 16) throw new InvalidDataException("no hello");
            var refusal = await RecogniseAsync(hello, peer, stop);
            if (refusal is not null)
            {
                AgentLog.Warn("refused a connection on a slot's socket", ("slot", $"{slot.Index}"), ("reason", refusal));
                await channel.SendAsync(RunnerWire.Control(new RunnerWelcome { Refused = refusal }));
                channel.Dispose();
                peer?.Dispose();
                return;
            }
            Interlocked.Decrement(ref _greetings);
            greeting = false;
            await ServeAsync(channel, hello, peer);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidDataException or SocketException or JsonException or ObjectDisposedException)
        {
            channel.Dispose();
        }
        finally
        {
            if (greeting) Interlocked.Decrement(ref _greetings);
        }
    }

    /// <summary>Null when this is the slot's runner; the journal then knows it.</summary>
    private async Task<string?> RecogniseAsync(RunnerHello hello, Peer? peer, CancellationToken stop)
    {
        if (hello.Slot != slot.Index) return $"this is the socket of slot {slot.Index}";
        if (hello.Version != RunnerWire.Version) return $"the agent speaks version {RunnerWire.Version} of the runner protocol";
        if (Known(hello)) return null;
        // One newcomer at a time. A true one has no competitor: whatever else was in the slot died with its container.
        if (Interlocked.Exchange(ref _looking, 1) == 1) return "another newcomer is being looked at";
        try
        {
            var since = Stopwatch.GetTimestamp();
            while (!host.RunnerIsGone(slot))
            {
                if (Stopwatch.GetElapsedTime(since) > host.Options.Probation) return "the slot's runner is alive, and this is not it";
                await Task.WhenAny(slot.ChangedAsync(), Task.Delay(20, stop));
            }
            if (slot.Runner is null && host.KnowsRunner(slot) && !await StaysAwayAsync(stop)) return "the slot's runner is alive, and this is not it";
            host.RunnerBooted(slot, hello.Nonce);
            slot.Forget();
            return null;
        }
        finally
        {
            Interlocked.Exchange(ref _looking, 0);
        }
    }

    private async Task<bool> StaysAwayAsync(CancellationToken stop)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) is var waited && waited < host.Options.Probation)
        {
            await Task.WhenAny(slot.ChangedAsync(), Task.Delay(host.Options.Probation - waited, stop));
            if (slot.Link is not null) return false;
        }
        return true;
    }

    private bool Known(RunnerHello hello) => host.NonceOf(slot) == hello.Nonce;

    private async Task ServeAsync(RunnerChannel channel, RunnerHello hello, Peer? peer)
    {
        var link = new RunnerLink(channel, hello, host.BootOf(slot));
        await channel.SendAsync(RunnerWire.Control(new RunnerWelcome()));
        slot.Connect(link, peer);
        var serving = link.ServeAsync(() => host.RunnerDrains(slot));
        host.RunnerConnected(slot, link);
        await serving;
        slot.Disconnect(link);
        host.RunnerDisconnected(slot);
    }
}
