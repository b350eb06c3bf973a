using System.Globalization;

namespace Berth.Agent.Runner;

/// <summary>What the slot container's environment tells the runner.</summary>
internal sealed record RunnerOptions(int Slot, string SocketPath, string WorkDirectory, TimeSpan Grace)
{
    /// <summary>
    /// Reads BERTH_SLOT, BERTH_SOCKET, BERTH_WORK_DIR and BERTH_GRACE_SECONDS (the pod's terminationGracePeriodSeconds; Kubernetes'
    /// own default of 30 without it).
    /// </summary>
    public static RunnerOptions FromEnvironment(Func<string, string?> read, List<string> problems)
    {
        if (!int.TryParse(read("BERTH_SLOT"), CultureInfo.InvariantCulture, out var slot) || slot < 0) problems.Add("BERTH_SLOT must be the slot's index");
        var socket = read("BERTH_SOCKET") ?? "/berth/socket/agent.sock";
        if (socket.Length > 107) problems.Add($"BERTH_SOCKET has {socket.Length} characters; the kernel takes at most 107");
        var work = read("BERTH_WORK_DIR") ?? "/berth/work";
        var grace = 30;
        if (read("BERTH_GRACE_SECONDS") is { } text && (!int.TryParse(text, CultureInfo.InvariantCulture, out grace) || grace < 0)) problems.Add("BERTH_GRACE_SECONDS must be a number of seconds");
        return new RunnerOptions(slot, socket, work, TimeSpan.FromSeconds(grace));
    }
}
