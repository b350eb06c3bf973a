using System.Runtime.InteropServices;

namespace Berth.Cli.Dev.Processes;

/// <summary>The few calls into libc that the base library does not offer.</summary>
internal static partial class Posix
{
    public const int Terminate = 15;
    public const int Kill = 9;
    public const int Interrupt = 2;
    public const int Exists = 0;
    private const int ChildSubreaper = 36;
    private const int DoNotWait = 1;

    /// <summary>Sends a signal; false when there is no such process.</summary>
    public static bool Signal(int pid, int signal) => kill(pid, signal) == 0;

    /// <summary>Orphans below this process become its children instead of init's, so that none of them gets lost.</summary>
    public static void AdoptOrphans() => _ = prctl(ChildSubreaper, 1, 0, 0, 0);

    /// <summary>Takes the exit code of an ended child that nobody else waits for.</summary>
    public static void Reap(int pid) => _ = waitpid(pid, out _, DoNotWait);

    public static bool IsRoot => geteuid() == 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, out int status, int options);

    [LibraryImport("libc")]
    private static partial uint geteuid();
}
