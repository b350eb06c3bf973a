using System.Runtime.InteropServices;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>How much of a container this machine lets us make.</summary>
internal enum Isolation
{
    /// <summary>Root: private mounts and PID namespaces by system calls, about a millisecond each.</summary>
    Full,

    /// <summary>A user namespace of <c>unshare -Ur</c>: the same, made by a small shell script.</summary>
    UserNamespace,

    /// <summary>Neither: mount paths in arguments and <c>BERTH_</c> variables are rewritten to the host's directories.</summary>
    None,
}

internal static class IsolationProbe
{
    private static readonly Lazy<Isolation> Found = new(Probe);

    public static Isolation Detect() => Found.Value;

    private static Isolation Probe()
    {
        if (Native.geteuid() == 0 && OwnThread.Run(TryNamespaces))
        {
            return Isolation.Full;
        }

        return UserNamespacesWork() ? Isolation.UserNamespace : Isolation.None;
    }

    /// <summary>Whether <c>unshare -Ur</c> is allowed here, which root can ask as well.</summary>
    public static bool UserNamespacesWork()
    {
        int pid = File.Exists(Tools.Unshare)
            ? Native.Spawn(Tools.Unshare, [Tools.Unshare, "-Urm", "-p", "--fork", "--mount-proc", "true"], ["PATH=" + Tools.HostPath], 2, 2)
            : -1;
        return pid > 0 && Native.waitpid(pid, out int status, 0) == pid && status == 0;
    }

    private static bool TryNamespaces()
    {
        int flags = Native.CloneNewNamespace | Native.CloneNewPid;
        return Native.unshare(flags) == 0 && Native.mount(null, "/", null, Native.MountRecursive | Native.MountPrivate, null) == 0
            && File.Exists(Tools.Unshare);
    }
}

/// <summary>The host's programs that container starts lean on.</summary>
internal static class Tools
{
    public const string Unshare = "/usr/bin/unshare";
    public const string NamespaceEnter = "/usr/bin/nsenter";
    public const string Shell = "/bin/sh";

    /// <summary>The search path of a container whose image sets none.</summary>
    public static string HostPath { get; } =
        Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/// <summary>
/// Runs a piece of work on a thread of its own that ends afterwards: namespaces and root directory belong to a thread,
/// and one that changed them must never go back to a pool.
/// </summary>
internal static class OwnThread
{
    public static T Run<T>(Func<T> work) => RunAsync(work).GetAwaiter().GetResult();

    public static Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception fault)
            {
                done.SetException(fault);
            }
        }, 256 * 1024)
        { IsBackground = true, Name = "container-start" };
        thread.Start();
        return done.Task;
    }
}
