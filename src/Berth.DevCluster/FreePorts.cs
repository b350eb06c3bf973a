using System.Net;
using System.Net.Sockets;

namespace Berth.DevCluster;

/// <summary>Ports that are free now, outside the range from which the system takes ports of outgoing connections: a server that
/// restarts must find its port free. A port that was given out is nobody else's while its server starts, also not another process's.</summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int Last = 32_000;
    private static readonly TimeSpan ClaimLasts = TimeSpan.FromMinutes(2);
    private static readonly string Claims = Path.Combine(Path.GetTempPath(), $"berth-ports-{Environment.UserName}");

    /// <summary>Takes ports for servers that are started now.</summary>
    /// <exception cref="InvalidOperationException">There is none left.</exception>
    public static IReadOnlyList<int> Take(int count)
    {
        Directory.CreateDirectory(Claims);
        var found = new List<int>();
        for (var tries = 0; found.Count < count; tries++)
        {
            if (tries > 1000) throw new InvalidOperationException($"no free port between {First} and {Last} on 127.0.0.1.");
            var port = Random.Shared.Next(First, Last);
            if (IsFree(port) && Claim(port)) found.Add(port);
        }
        return found;
    }

    private static bool Claim(int port)
    {
        var path = Path.Combine(Claims, port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        try
        {
            using var claim = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            if (claim.Length > 0 && DateTime.UtcNow - File.GetLastWriteTimeUtc(path) < ClaimLasts) return false;
            claim.SetLength(0);
            claim.WriteByte(1);
            return true;
        }
        catch (IOException)
        {
            return false; // somebody else is claiming it just now
        }
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
