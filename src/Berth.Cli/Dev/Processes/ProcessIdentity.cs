using System.Globalization;

namespace Berth.Cli.Dev.Processes;

/// <summary>A process by its id and the moment it started, so that another process under a reused id is never meant.</summary>
internal readonly record struct ProcessIdentity(int Pid, ulong Started)
{
    /// <summary>The living process with this id, if there is one.</summary>
    public static ProcessIdentity? Of(int pid) => ProcessTable.Read(pid) is { IsZombie: false } entry ? new(pid, entry.Started) : null;

    public bool IsAlive => Of(Pid) == this;

    /// <summary>Sends a signal to this very process; false when it is gone.</summary>
    public bool Signal(int signal) => IsAlive && Posix.Signal(Pid, signal);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid} {Started}");

    public static ProcessIdentity Parse(string text)
    {
        var parts = text.Split(' ');
        return new(int.Parse(parts[0], CultureInfo.InvariantCulture), ulong.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
