using System.Net;
using System.Net.Sockets;

namespace Berth.Chart.Tests;

/// <summary>What a cluster's network does for a Service: a connection goes to any one of its ready endpoints.</summary>
internal sealed class ServiceRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Task<IReadOnlyList<IPEndPoint>>> _ready;
    private readonly Task _accepting;

    public ServiceRelay(Func<Task<IReadOnlyList<IPEndPoint>>> ready)
    {
        _ready = ready;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = RelayAsync(await _listener.AcceptSocketAsync(_stop.Token), _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task RelayAsync(Socket near, CancellationToken stop)
    {
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (near)
        {
            try
            {
                var ready = await _ready();
                if (ready.Count == 0) return;
                await far.ConnectAsync(ready[Random.Shared.Next(ready.Count)], stop);
                await using var a = new NetworkStream(near);
                await using var b = new NetworkStream(far);
                // Either end closing closes both, as it does when a pod goes.
                await Task.WhenAny(a.CopyToAsync(b, stop), b.CopyToAsync(a, stop));
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // The pod went meanwhile; whoever connected sees it close.
            }
        }
    }
}
