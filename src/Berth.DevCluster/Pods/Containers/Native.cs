using System.Runtime.InteropServices;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>
/// The system calls of a container start. <c>System.Diagnostics.Process</c> is of no use here: it starts no session, sets
/// no namespaces, and its reaper must not be mixed with ours.
/// </summary>
internal static class Native
{
    public const int CloneFs = 0x200, CloneNewNamespace = 0x20000, CloneNewPid = 0x20000000;
    public const ulong MountReadOnly = 1, MountNoSuid = 2, MountRemount = 32, MountBind = 4096, MountRecursive = 16384,
        MountUnbindable = 1 << 17, MountPrivate = 1 << 18;
    public const int SignalTerm = 15, SignalKill = 9, SignalStop = 19, SignalContinue = 18;
    public const int ReadOnly = 0, PathOnly = 0x200000, CloseOnExec = 0x80000, NonBlocking = 0x800;
    public const int Again = 11, Interrupted = 4, Busy = 16;

    private const int PidfdOpen = 434;
    private const short SetSignalDefault = 0x04, SetSignalMask = 0x08, SetSid = 0x80;

    [StructLayout(LayoutKind.Sequential)]
    public struct Poll
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [DllImport("libc", SetLastError = true)] public static extern int unshare(int flags);
    [DllImport("libc", SetLastError = true)] public static extern int setns(int descriptor, int kind);
    [DllImport("libc", SetLastError = true)] public static extern int chroot(string path);
    [DllImport("libc", SetLastError = true)] public static extern int fchdir(int descriptor);
    [DllImport("libc", SetLastError = true)] public static extern int chdir(string path);
    [DllImport("libc", SetLastError = true)] public static extern int mount(string? source, string target, string? type, ulong flags, string? data);
    [DllImport("libc", SetLastError = true)] public static extern int mkdir(string path, uint mode);
    [DllImport("libc", SetLastError = true)] public static extern int symlink(string target, string path);
    [DllImport("libc", SetLastError = true)] public static extern int rename(string from, string to);
    [DllImport("libc", SetLastError = true)] public static extern int open(string path, int flags, uint mode);
    [DllImport("libc", SetLastError = true)] public static extern int close(int descriptor);
    [DllImport("libc", SetLastError = true)] public static extern int pipe2([Out] int[] descriptors, int flags);
    [DllImport("libc", SetLastError = true)] public static extern nint read(int descriptor, byte[] buffer, nuint count);
    [DllImport("libc", SetLastError = true)] public static extern nint write(int descriptor, byte[] buffer, nuint count);
    [DllImport("libc", SetLastError = true)] public static extern int poll([In, Out] Poll[] set, nuint count, int timeout);
    [DllImport("libc", SetLastError = true)] public static extern int kill(int pid, int signal);
    [DllImport("libc", SetLastError = true)] public static extern int waitpid(int pid, out int status, int options);
    [DllImport("libc", SetLastError = true)] public static extern int access(string path, int mode);
    [DllImport("libc")] public static extern uint geteuid();

    [DllImport("libc", SetLastError = true)] private static extern long syscall(long number, long first, long second);
    [DllImport("libc")] private static extern int posix_spawn(out int pid, string path, nint actions, nint attributes, string?[] argv, string?[] envp);
    [DllImport("libc")] private static extern int posix_spawn_file_actions_init(nint actions);
    [DllImport("libc")] private static extern int posix_spawn_file_actions_destroy(nint actions);
    [DllImport("libc")] private static extern int posix_spawn_file_actions_adddup2(nint actions, int from, int to);
    [DllImport("libc")] private static extern int posix_spawn_file_actions_addopen(nint actions, int to, string path, int flags, uint mode);
    [DllImport("libc")] private static extern int posix_spawn_file_actions_addclosefrom_np(nint actions, int from);
    [DllImport("libc")] private static extern int posix_spawnattr_init(nint attributes);
    [DllImport("libc")] private static extern int posix_spawnattr_destroy(nint attributes);
    [DllImport("libc")] private static extern int posix_spawnattr_setflags(nint attributes, short flags);
    [DllImport("libc")] private static extern int posix_spawnattr_setsigdefault(nint attributes, byte[] set);
    [DllImport("libc")] private static extern int posix_spawnattr_setsigmask(nint attributes, byte[] set);
    [DllImport("libc")] private static extern int sigfillset(byte[] set);

    /// <summary>A descriptor that becomes readable when the process ends.</summary>
    public static int OpenPidfd(int pid) => (int)syscall(PidfdOpen, pid, 0);

    public static void Check(int result, string what)
    {
        if (result < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            throw new ContainerStartException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    /// <summary>
    /// Starts a program in a new session with default signal dispositions, an empty standard input, the given output
    /// and error descriptors, and none of ours besides.
    /// </summary>
    public static int Spawn(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, int output, int error)
    {
        nint actions = Marshal.AllocHGlobal(512), attributes = Marshal.AllocHGlobal(1024);
        Require(posix_spawn_file_actions_init(actions));
        Require(posix_spawnattr_init(attributes));
        try
        {
            Require(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", ReadOnly, 0));
            Require(posix_spawn_file_actions_adddup2(actions, output, 1));
            Require(posix_spawn_file_actions_adddup2(actions, error, 2));
            Require(posix_spawn_file_actions_addclosefrom_np(actions, 3));
            byte[] all = new byte[128];
            Require(sigfillset(all));
            Require(posix_spawnattr_setsigdefault(attributes, all));
            Require(posix_spawnattr_setsigmask(attributes, new byte[128]));
            Require(posix_spawnattr_setflags(attributes, SetSid | SetSignalDefault | SetSignalMask));
            int failure = posix_spawn(out int pid, path, actions, attributes, [.. arguments, null], [.. environment, null]);
            return failure == 0 ? pid : throw new ContainerStartException(
                $"exec: \"{path}\": {Marshal.GetPInvokeErrorMessage(failure)}");
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            Marshal.FreeHGlobal(actions);
            Marshal.FreeHGlobal(attributes);
        }
    }

    private static void Require(int failure)
    {
        if (failure != 0)
        {
            throw new ContainerStartException($"preparing a process: {Marshal.GetPInvokeErrorMessage(failure)}");
        }
    }
}
