using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Tests.Pods;

/// <summary>Starts containers below the API: a scratch directory, a reactor, a log each.</summary>
internal sealed class ContainerBench : IDisposable
{
    private readonly List<ContainerProcess> _started = [];

    public ContainerBench(Isolation? isolation = null)
    {
        Folder = Directory.CreateTempSubdirectory("bpc-").FullName;
        Directory.CreateDirectory(Path.Combine(Folder, "r"));
        Launcher = new Launcher(isolation ?? IsolationProbe.Detect());
        Reactor = new Reactor(_ => { });
    }

    public string Folder { get; }

    public Launcher Launcher { get; }

    public Reactor Reactor { get; }

    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(Folder, name)).FullName;

    public async Task<(ContainerProcess Process, ContainerLog Log)> StartAsync(string script, Func<ContainerCommand, ContainerCommand>? with = null)
    {
        var command = new ContainerCommand
        {
            Arguments = ["sh", "-c", script],
            Environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", $"{ProcessTree.MarkerVariable}={Guid.NewGuid():n}"],
            WorkingDirectory = "/",
            Root = Path.Combine(Folder, "r"),
        };
        var log = new ContainerLog(Path.Combine(Folder, $"{Guid.NewGuid():n}.log"), 1 << 20);
        ContainerProcess process = await ContainerProcess.StartAsync(Reactor, Launcher, with?.Invoke(command) ?? command, log);
        _started.Add(process);
        return (process, log);
    }

    public async Task<(ExitStatus Exit, string Output)> RunAsync(string script, Func<ContainerCommand, ContainerCommand>? with = null)
    {
        var (process, log) = await StartAsync(script, with);
        ExitStatus exit = await process.Exited.WaitAsync(TimeSpan.FromSeconds(30));
        log.Complete();
        return (exit, await TextAsync(log));
    }

    public static async Task<string> TextAsync(ContainerLog log)
    {
        using var into = new MemoryStream();
        await LogReader.CopyAsync(log, new LogQuery(false, false, null, null, null), into, CancellationToken.None);
        return System.Text.Encoding.UTF8.GetString(into.ToArray());
    }

    public void Dispose()
    {
        foreach (ContainerProcess process in _started)
        {
            process.Kill();
            process.Exited.Wait(TimeSpan.FromSeconds(10));
        }

        Reactor.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
