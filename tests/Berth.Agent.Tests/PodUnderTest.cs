using System.Diagnostics;
using Berth.Agent.Journal;
using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>A pod of real parts: an agent (in this process, or its own) and runner processes on a directory of its own.</summary>
internal sealed class PodUnderTest : IAsyncDisposable
{
    private readonly List<Process> _processes = [];
    private readonly Dictionary<string, string> _slotEnv;
    private AgentHost? _host;
    private Task? _running;
    private CancellationTokenSource? _stop;

    public PodUnderTest(ScriptedGateway gateway, int slots = 1, Dictionary<string, string>? slotEnv = null, Func<AgentOptions, AgentOptions>? options = null, IJournalDisk? disk = null)
    {
        Gateway = gateway;
        _slotEnv = slotEnv ?? [];
        Disk = disk ?? new JournalDisk();
        Directory = System.IO.Directory.CreateTempSubdirectory("bp").FullName;
        foreach (var part in new[] { "g", "w" }) System.IO.Directory.CreateDirectory(Path.Combine(Directory, part));
        Options = new AgentOptions
        {
            Namespace = "default",
            Pod = "pool-a-1",
            PodUid = "pod-uid-1",
            Node = "node-1",
            NodeBootId = "boot-1",
            Slots = slots,
            StateDirectory = Path.Combine(Directory, "state"),
            SocketsDirectory = Path.Combine(Directory, "s"),
            GatewayDirectory = Path.Combine(Directory, "g"),
            TokenFile = Path.Combine(Directory, "token"),
        };
        Options = options?.Invoke(Options) ?? Options;
        File.WriteAllText(Options.TokenFile, gateway.Token);
        PointTo(gateway);
    }

    public ScriptedGateway Gateway { get; }

    public AgentOptions Options { get; }

    public IJournalDisk Disk { get; set; }

    public string Directory { get; }

    public AgentHost Host => _host!;

    public static string Program => Path.Combine(AppContext.BaseDirectory, "Berth.Agent");

    public string WorkDirectory(int slot = 0) => Path.Combine(Directory, "w", $"{slot}");

    public void PointTo(params ScriptedGateway[] gateways)
    {
        File.WriteAllText(Path.Combine(Options.GatewayDirectory, "ca.crt"), string.Concat(gateways.Select(g => g.CaPem + "\n")));
        File.WriteAllText(Path.Combine(Options.GatewayDirectory, "addresses"), string.Join(',', gateways.Select(g => g.Address)));
    }

    public void StartAgent()
    {
        _stop = new CancellationTokenSource();
        _host = new AgentHost(Options, Disk);
        _running = Task.Run(() => _host.RunAsync(_stop.Token));
    }

    public async Task StopAgentAsync()
    {
        if (_host is null) return;
        await _stop!.CancelAsync();
        _host.Dispose();
        if (await Task.WhenAny(_running!, Task.Delay(TimeSpan.FromSeconds(60))) != _running) throw new TimeoutException("the agent did not end within 60 s");
        _host = null;
        // What the old connection still holds must not be taken for the next one's.
        await Gateway.ForsakenAsync();
    }

    public Process StartRunner(int slot = 0, bool ownNamespace = false, int graceSeconds = 30, string[]? wrapper = null)
    {
        var env = new Dictionary<string, string>(_slotEnv)
        {
            ["BERTH_SLOT"] = $"{slot}",
            ["BERTH_SOCKET"] = Path.Combine(Options.SocketsDirectory, $"{slot}", "agent.sock"),
            ["BERTH_WORK_DIR"] = WorkDirectory(slot),
            ["BERTH_GRACE_SECONDS"] = $"{graceSeconds}",
        };
        string[] command = ownNamespace ? ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", Program, "runner"] : [.. wrapper ?? [], Program, "runner"];
        return Start(command, env);
    }

    /// <summary>The agent as a process of its own, so that it can be killed.</summary>
    public Process StartAgentProcess(Dictionary<string, string>? more = null)
    {
        var env = new Dictionary<string, string>(more ?? [])
        {
            ["BERTH_NAMESPACE"] = Options.Namespace,
            ["BERTH_POD"] = Options.Pod,
            ["BERTH_POD_UID"] = Options.PodUid,
            ["BERTH_NODE"] = Options.Node,
            ["BERTH_NODE_BOOT_ID"] = Options.NodeBootId,
            ["BERTH_SLOTS"] = $"{Options.Slots}",
            ["BERTH_STATE_DIR"] = Options.StateDirectory,
            ["BERTH_SOCKETS_DIR"] = Options.SocketsDirectory,
            ["BERTH_GATEWAY_DIR"] = Options.GatewayDirectory,
            ["BERTH_TOKEN_FILE"] = Options.TokenFile,
        };
        return Start([Program, "agent"], env);
    }

    public Task<Inventory> ReadyAsync(int slot = 0) =>
        Gateway.ExpectAsync<Inventory>(i => i.Slots.Count > slot && i.Slots[slot].Ready);

    public async ValueTask DisposeAsync()
    {
        await StopAgentAsync();
        foreach (var process in _processes)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.Dispose();
        }
        System.IO.Directory.Delete(Directory, true);
    }

    private Process Start(string[] command, Dictionary<string, string> env)
    {
        var start = new ProcessStartInfo(command[0]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        foreach (var (name, value) in env) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
        return process;
    }

    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    /// <summary>What runners and agent processes printed.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    private void Keep(string? line)
    {
        if (line is not null) _lines.Enqueue(line);
    }
}
