using System.Globalization;
using System.Text;

namespace Berth.Agent.Runner;

/// <summary>
/// Where slots have no PID namespace of their own, commands outlive a runner that was killed. A new runner ends them before it says
/// hello, because its hello is taken as proof that they are dead. They are known by the work directory in their environment.
/// </summary>
internal static class Leftovers
{
    public static void End(string workDirectory)
    {
        var mark = Encoding.UTF8.GetBytes($"\0BERTH_SLOT_WORK={workDirectory}\0");
        for (var found = true; found;)
        {
            found = false;
            foreach (var directory in Directory.EnumerateDirectories("/proc"))
            {
                if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) || pid == Native.GetPid()) continue;
                if (!Carries(pid, mark)) continue;
                found = true;
                _ = Native.Kill(pid, Native.SigKill);
            }
            if (found) Thread.Sleep(5); // the kernel takes a moment; the loop asks again
        }
    }

    private static bool Carries(int pid, byte[] mark)
    {
        try
        {
            byte[] environment = [0, .. File.ReadAllBytes($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/environ")];
            return environment.AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // ended meanwhile (a dead one has no environment), or another user's
        }
    }
}
