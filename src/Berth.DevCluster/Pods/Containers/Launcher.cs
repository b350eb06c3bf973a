namespace Berth.DevCluster.Pods.Containers;

/// <summary>Starts processes: a container's first one, and further ones inside a running container.</summary>
internal sealed class Launcher(Isolation isolation)
{
    private const int Executable = 1;

    public Isolation Isolation => isolation;

    /// <summary>Starts the container's first process and returns its pid on the host.</summary>
    public Task<int> StartAsync(ContainerCommand command, int output, int error) => isolation switch
    {
        Isolation.Full => OwnThread.RunAsync(() => StartHere(command, output, error)),
        Isolation.UserNamespace => OwnThread.RunAsync(() => StartByScript(command, output, error)),
        _ => OwnThread.RunAsync(() => StartPlain(Rewritten.For(command), output, error)),
    };

    /// <summary>Starts a process inside the container whose first process is <paramref name="pid"/>.</summary>
    public Task<int> EnterAsync(int pid, ContainerCommand command, int output, int error) => isolation switch
    {
        Isolation.Full => OwnThread.RunAsync(() => EnterHere(pid, command, output, error)),
        Isolation.UserNamespace => OwnThread.RunAsync(() => Native.Spawn(
            Tools.NamespaceEnter,
            [Tools.NamespaceEnter, "-t", $"{pid}", "-U", "-m", "-p", "--preserve-credentials", "-r", "-w", "--", .. command.Arguments],
            command.Environment, output, error)),
        _ => OwnThread.RunAsync(() => StartPlain(Rewritten.For(command), output, error)),
    };

    private static int StartHere(ContainerCommand command, int output, int error)
    {
        Native.Check(Native.unshare(Native.CloneNewNamespace), "unshare of mounts");
        RootMounter.Mount(RootPlan.Make(command.Root, command.Mounts));
        if (command.JoinPid is { } pid)
        {
            Join($"/proc/{pid}/ns/pid", Native.CloneNewPid);
        }
        else if (command.OwnPidNamespace)
        {
            Native.Check(Native.unshare(Native.CloneNewPid), "unshare of process ids");
        }

        Native.Check(Native.chroot(command.Root), "chroot");
        ChangeDirectory(command.WorkingDirectory);
        string program = Find(command);
        bool separate = command.OwnPidNamespace || command.JoinPid is not null;
        return separate
            ? Native.Spawn(Tools.Unshare, [Tools.Unshare, "--mount-proc", "--", program, .. command.Arguments.Skip(1)], command.Environment, output, error)
            : Native.Spawn(program, command.Arguments, command.Environment, output, error);
    }

    private static int EnterHere(int pid, ContainerCommand command, int output, int error)
    {
        int root = Native.open($"/proc/{pid}/root", Native.PathOnly | Native.CloseOnExec, 0);
        Native.Check(root, "the container has ended");
        try
        {
            Native.Check(Native.unshare(Native.CloneFs), "unshare of the working directory");
            Join($"/proc/{pid}/ns/pid", Native.CloneNewPid);
            Join($"/proc/{pid}/ns/mnt", Native.CloneNewNamespace);
            Native.Check(Native.fchdir(root), "entering the container's root");
            Native.Check(Native.chroot("."), "chroot");
        }
        finally
        {
            _ = Native.close(root);
        }

        ChangeDirectory(command.WorkingDirectory);
        return Native.Spawn(Find(command), command.Arguments, command.Environment, output, error);
    }

    /// <summary>
    /// Mounts, then a shell that stays outside of the PID namespace and whose first child is its PID 1: unlike
    /// <c>unshare --fork</c> it passes on that the child was killed, as 128 and the signal's number.
    /// </summary>
    private static int StartByScript(ContainerCommand command, int output, int error)
    {
        string enter = $"{Tools.Unshare} --root={RootMounter.Quote(command.Root)} --wd={RootMounter.Quote(command.WorkingDirectory)} --mount-proc -- \"$@\"; exit $?";
        string script = RootMounter.Script(RootPlan.Make(command.Root, command.Mounts))
            + $"exec {Tools.Unshare} -p -- {Tools.Shell} -c {RootMounter.Quote(enter)} {Tools.Shell} \"$@\"\n";
        return Native.Spawn(
            Tools.Unshare,
            [Tools.Unshare, "-Urm", "--", Tools.Shell, "-c", script, Tools.Shell, .. command.Arguments],
            command.Environment, output, error);
    }

    private static int StartPlain(ContainerCommand command, int output, int error)
    {
        Native.Check(Native.unshare(Native.CloneFs), "unshare of the working directory");
        ChangeDirectory(command.WorkingDirectory);
        return Native.Spawn(Find(command), command.Arguments, command.Environment, output, error);
    }

    private static void Join(string path, int kind)
    {
        int space = Native.open(path, Native.ReadOnly | Native.CloseOnExec, 0);
        Native.Check(space, $"opening {path}");
        int result = Native.setns(space, kind);
        _ = Native.close(space);
        Native.Check(result, $"entering {path}");
    }

    private static void ChangeDirectory(string path) => Native.Check(
        Native.chdir(path), $"working directory {path} (it must exist on this machine or in a volume)");

    /// <summary>Looks a program up as the container would: by its own search path, under its own root.</summary>
    private static string Find(ContainerCommand command)
    {
        string name = command.Arguments[0];
        if (name.Contains('/'))
        {
            return name;
        }

        foreach (string folder in (command.Variable("PATH") ?? Tools.HostPath).Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            string path = $"{folder}/{name}";
            if (Native.access(path, Executable) == 0 && !Directory.Exists(path))
            {
                return path;
            }
        }

        throw new ContainerStartException($"exec: \"{name}\": executable file not found in $PATH");
    }
}
