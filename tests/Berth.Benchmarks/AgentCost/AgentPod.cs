using System.Diagnostics;
using System.Globalization;
using Berth.Benchmarks.Machinery;

namespace Berth.Benchmarks.AgentCost;

/// <summary>The processes of one agent pod, on a directory of their own: an agent and a runner for each slot.</summary>
internal sealed class AgentPod : IAsyncDisposable
{
    private readonly string _directory;
    private readonly List<BenchProcess> _runners = [];
    private BenchProcess? _agent;

    public AgentPod(MinimalGateway gateway, int slots)
    {
        Slots = slots;
        _directory = Directory.CreateTempSubdirectory("bp").FullName;
        foreach (var part in new[] { "g", "w" }) Directory.CreateDirectory(Path.Combine(_directory, part));
        File.WriteAllText(Path.Combine(_directory, "token"), "token");
        File.WriteAllText(Path.Combine(_directory, "g", "ca.crt"), gateway.CaPem);
        File.WriteAllText(Path.Combine(_directory, "g", "addresses"), gateway.Address);
    }

    public int Slots { get; }

    public int AgentPid => _agent!.Pid;

    public IReadOnlyList<int> RunnerPids => [.. _runners.Select(r => r.Pid)];

    /// <summary>Starts all processes at once, as a kubelet does, and returns how long it took until the agent reported every slot ready.</summary>
    public async Task<TimeSpan> StartAsync(MinimalGateway gateway)
    {
        var program = BenchProcess.Program("Berth.Agent");
        var began = Stopwatch.GetTimestamp();
        _agent = BenchProcess.Start("agent", _directory, program, ["agent"], new Dictionary<string, string>
        {
            ["BERTH_NAMESPACE"] = "bench",
            ["BERTH_POD"] = "bench-0",
            ["BERTH_POD_UID"] = "bench-uid",
            ["BERTH_NODE"] = "bench",
            ["BERTH_NODE_BOOT_ID"] = "boot-1",
            ["BERTH_SLOTS"] = Slots.ToString(CultureInfo.InvariantCulture),
            ["BERTH_STATE_DIR"] = Path.Combine(_directory, "state"),
            ["BERTH_SOCKETS_DIR"] = Path.Combine(_directory, "s"),
            ["BERTH_GATEWAY_DIR"] = Path.Combine(_directory, "g"),
            ["BERTH_TOKEN_FILE"] = Path.Combine(_directory, "token"),
        });
        for (var slot = 0; slot < Slots; slot++) _runners.Add(BenchProcess.Start($"runner-{slot}", _directory, program, ["runner"], new Dictionary<string, string>
        {
            ["BERTH_SLOT"] = slot.ToString(CultureInfo.InvariantCulture),
            ["BERTH_SOCKET"] = Path.Combine(_directory, "s", slot.ToString(CultureInfo.InvariantCulture), "agent.sock"),
            ["BERTH_WORK_DIR"] = Path.Combine(_directory, "w", slot.ToString(CultureInfo.InvariantCulture)),
        }));
        await Wait.UntilAsync(() => gateway.LastInventory is { } held && held.Slots.Count == Slots && held.Slots.All(s => s.Ready), TimeSpan.FromMinutes(1), "all slots are ready");
        return Stopwatch.GetElapsedTime(began);
    }

    public async ValueTask DisposeAsync()
    {
        if (_agent is { } agent) await agent.DisposeAsync();
        foreach (var runner in _runners) await runner.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
