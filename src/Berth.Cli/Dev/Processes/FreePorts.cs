using System.Net;
using System.Net.Sockets;

namespace Berth.Cli.Dev.Processes;

/// <summary>Ports that are free now, outside the range from which the system takes ports of outgoing connections: a server that
/// restarts must find its port free.</summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Last = 32_000;

    public static IReadOnlyList<int> Take(int count)
    {
        var found = new List<int>();
        for (var tries = 0; found.Count < count; tries++)
        {
            if (tries > 1000) throw new DevException($"No free port between {First} and {Last} on 127.0.0.1.");
            var port = Random.Shared.Next(First, Last);
            if (!found.Contains(port) && IsFree(port)) found.Add(port);
        }
        return found;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
