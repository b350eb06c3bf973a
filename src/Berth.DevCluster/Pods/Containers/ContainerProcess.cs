namespace Berth.DevCluster.Pods.Containers;

/// <summary>How a container's first process ended.</summary>
internal sealed record ExitStatus(int ExitCode, int Signal, DateTimeOffset At);

/// <summary>A running container: its first process and everything that process started.</summary>
internal sealed class ContainerProcess
{
    private readonly TaskCompletionSource<ExitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Isolation _isolation;
    private readonly ContainerLog _log;
    private readonly byte[] _buffer = new byte[32 * 1024];

    private ContainerProcess(int pid, ContainerCommand command, Isolation isolation, ContainerLog log)
    {
        Pid = pid;
        Command = command;
        _isolation = isolation;
        _log = log;
        StartedAt = DateTimeOffset.UtcNow;
        StartTicks = ProcessTree.StartTicks(pid) ?? 0;
    }

    /// <summary>The started process, a child of ours.</summary>
    public int Pid { get; }

    /// <summary>With <see cref="Pid"/> identifies the process for ever: pids are used again, start times are not.</summary>
    public long StartTicks { get; }

    public ContainerCommand Command { get; }

    /// <summary>A guest in a container, which outlives it.</summary>
    private bool IsExec { get; init; }

    public DateTimeOffset StartedAt { get; }

    public Task<ExitStatus> Exited => _exited.Task;

    /// <summary>The container's first process itself (PID 1 of its namespace), as the host numbers it.</summary>
    public int MainPid => _isolation == Isolation.UserNamespace && ProcessTree.Children(Pid) is [var child, ..] ? child : Pid;

    public static async Task<ContainerProcess> StartAsync(Reactor reactor, Launcher launcher, ContainerCommand command, ContainerLog log)
    {
        var (process, output, error) = await WithPipesAsync(
            async (stdout, stderr) => new ContainerProcess(await launcher.StartAsync(command, stdout, stderr), command, launcher.Isolation, log));
        return process.Watch(reactor, output, error);
    }

    /// <summary>Runs one more command inside the container, with the container's own variables and working directory.</summary>
    public async Task<ContainerProcess> ExecAsync(Reactor reactor, Launcher launcher, IReadOnlyList<string> arguments, ContainerLog log)
    {
        ContainerCommand command = Command with { Arguments = arguments };
        var (process, output, error) = await WithPipesAsync(
            async (stdout, stderr) => new ContainerProcess(await launcher.EnterAsync(MainPid, command, stdout, stderr), command, launcher.Isolation, log)
            {
                IsExec = true,
            });
        return process.Watch(reactor, output, error);
    }

    private ContainerProcess Watch(Reactor reactor, int output, int error)
    {
        Pipe[] pipes = [new(output, false), new(error, true)];
        foreach (Pipe pipe in pipes)
        {
            reactor.Add(pipe.Descriptor, () => pipe.IsOpen = Read(pipe));
        }

        int pidfd = Native.OpenPidfd(Pid);
        Native.Check(pidfd, "pidfd_open (Linux 5.3 or later is needed)");
        reactor.Add(pidfd, () => End(pipes));
        return this;
    }

    /// <summary>Sends a signal to the first process alone.</summary>
    public void Signal(int signal)
    {
        if (!_exited.Task.IsCompleted)
        {
            _ = Native.kill(MainPid, signal);
        }
    }

    /// <summary>Ends everything in the container without a chance to object.</summary>
    public void Kill()
    {
        foreach (int pid in Pids())
        {
            _ = Native.kill(pid, Native.SignalKill);
        }
    }

    /// <summary>Every process of the container, the first one first; empty once it has ended.</summary>
    public IReadOnlyList<int> Pids() => _exited.Task.IsCompleted ? [] : ProcessTree.Of(MainPid, Command, _isolation);

    private static async Task<(ContainerProcess Process, int Output, int Error)> WithPipesAsync(Func<int, int, Task<ContainerProcess>> start)
    {
        int[] output = new int[2], error = new int[2];
        Native.Check(Native.pipe2(output, Native.CloseOnExec), "pipe");
        Native.Check(Native.pipe2(error, Native.CloseOnExec), "pipe");
        try
        {
            ContainerProcess process = await start(output[1], error[1]);
            return (process, output[0], error[0]);
        }
        catch
        {
            _ = Native.close(output[0]);
            _ = Native.close(error[0]);
            throw;
        }
        finally
        {
            _ = Native.close(output[1]);
            _ = Native.close(error[1]);
        }
    }

    private bool Read(Pipe pipe)
    {
        nint count = Native.read(pipe.Descriptor, _buffer, (nuint)_buffer.Length);
        if (count > 0)
        {
            _log.Append(pipe.IsError, _buffer.AsSpan(0, (int)count));
        }

        return count > 0;
    }

    private bool End(Pipe[] pipes)
    {
        // What is left in the pipes (at most two buffers full) belongs to the log before anybody hears of the end.
        foreach (Pipe pipe in pipes)
        {
            for (int round = 0; round < 4 && pipe.IsOpen && ReadyNow(pipe.Descriptor) && Read(pipe); round++)
            {
            }
        }

        int reaped = Native.waitpid(Pid, out int status, 0);
        int signal = status & 0x7f;
        ExitStatus exit = reaped != Pid ? new(255, 0, DateTimeOffset.UtcNow)
            : signal == 0 ? new((status >> 8) & 0xff, 0, DateTimeOffset.UtcNow)
            : new(128 + signal, signal, DateTimeOffset.UtcNow);
        if (!IsExec)
        {
            ProcessTree.EndRest(Pid, Command, _isolation);
        }

        _exited.TrySetResult(exit);
        return false;
    }

    private static bool ReadyNow(int descriptor)
    {
        Native.Poll[] one = [new() { Descriptor = descriptor, Events = 1 }];
        return Native.poll(one, 1, 0) > 0 && (one[0].Returned & 1) != 0;
    }

    /// <summary>One output of the container; used on the reactor's thread only.</summary>
    private sealed class Pipe(int descriptor, bool isError)
    {
        public int Descriptor { get; } = descriptor;

        public bool IsError { get; } = isError;

        /// <summary>Once false, the descriptor's number may belong to somebody else.</summary>
        public bool IsOpen { get; set; } = true;
    }
}
