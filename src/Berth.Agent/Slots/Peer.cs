using System.Net.Sockets;
using Berth.Agent.Runner;

namespace Berth.Agent.Slots;

/// <summary>
/// The kernel's handle on the process at the other end of a socket (SO_PEERPIDFD, Linux 6.5 and later). It works across PID
/// namespaces and tells for certain when that process is dead; as first process of its namespace it takes all others with it.
/// </summary>
internal sealed unsafe class Peer : IDisposable
{
    private const int SolSocket = 1;
    private const int SoPeerPidFd = 77;
    private const short PollIn = 1;

    private readonly int _handle;

    private Peer(int handle) => _handle = handle;

    public bool Dead
    {
        get
        {
            var poll = new Native.PollFd { Fd = _handle, Events = PollIn };
            return Native.Poll(&poll, 1, 0) > 0;
        }
    }

    /// <summary>The peer's handle; null where the kernel has none.</summary>
    public static Peer? Of(Socket socket)
    {
        int handle, length = sizeof(int);
        return Native.GetSocketOption((int)socket.Handle, SolSocket, SoPeerPidFd, &handle, &length) == 0 ? new Peer(handle) : null;
    }

    public void Dispose() => _ = Native.Close(_handle);
}
