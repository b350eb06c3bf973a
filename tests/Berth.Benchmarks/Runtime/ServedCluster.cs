using System.Diagnostics;
using Berth.Kubernetes;

namespace Berth.Benchmarks.Runtime;

/// <summary>A dev cluster in a process of its own, so that its memory and its processor time are not counted as ours.</summary>
internal sealed class ServedCluster : IAsyncDisposable
{
    private const string Ready = "# ready";
    private readonly Process _process;

    private ServedCluster(Process process, KubernetesConfig config) => (_process, Config) = (process, config);

    public KubernetesConfig Config { get; }

    public static async Task<int> ServeAsync(string[] args)
    {
        await using var cluster = await Berth.DevCluster.DevCluster.StartAsync(new() { HistoryCapacity = 200_000 });
        await Console.Out.WriteLineAsync(cluster.AdminKubeconfig);
        await Console.Out.WriteLineAsync(Ready);
        while (await Console.In.ReadLineAsync() is { } command)
        {
            if (command == "cut") cluster.CutWatches();
            else if (command == "compact") cluster.Compact();
            await Console.Out.WriteLineAsync(Ready);
        }
        return 0;
    }

    public static async Task<ServedCluster> StartAsync()
    {
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, "serve-cluster") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var text = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line && line != Ready) text.Add(line);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, text);
            return new(process, KubernetesConfig.Load(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    public async Task TellAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line && line != Ready) { }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }
        _process.Dispose();
    }
}
