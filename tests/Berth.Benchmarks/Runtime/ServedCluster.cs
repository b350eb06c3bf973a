using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Storage;
using Berth.Kubernetes;

namespace Berth.Benchmarks.Runtime;

/// <summary>A dev cluster in a process of its own, so that its memory and its processor time are not counted as ours.</summary>
internal sealed class ServedCluster : IAsyncDisposable
{
    private const string Ready = "# ready";
    private readonly Process _process;

    private ServedCluster(Process process, KubernetesConfig config) => (_process, Config) = (process, config);

    public KubernetesConfig Config { get; }

    public int Pid => _process.Id;

    /// <summary>Arguments: a directory of CRDs, or none.</summary>
    public static async Task<int> ServeAsync(string[] args)
    {
        await using var cluster = await Berth.DevCluster.DevCluster.StartAsync(new() { HistoryCapacity = 200_000, Crds = args.Length > 0 ? args[0] : null });
        await Console.Out.WriteLineAsync(cluster.AdminKubeconfig);
        await Console.Out.WriteLineAsync(Ready);
        while (await Console.In.ReadLineAsync() is { } command)
        {
            if (command == "cut") cluster.CutWatches();
            else if (command == "compact") cluster.Compact();
            else if (command.StartsWith("clone ", StringComparison.Ordinal)) Clone(cluster.State.Store, command.Split(' '));
            await Console.Out.WriteLineAsync(Ready);
        }
        return 0;
    }

    public static async Task<ServedCluster> StartAsync(string? crds = null, string? kubeconfig = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["serve-cluster", .. crds is null ? [] : new[] { crds }]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var process = Process.Start(start)!;
        var text = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line && line != Ready) text.Add(line);
        var file = kubeconfig ?? Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file, text);
            return new(process, KubernetesConfig.Load(file));
        }
        finally
        {
            if (kubeconfig is null) File.Delete(file);
        }
    }

    public async Task TellAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
        while (await _process.StandardOutput.ReadLineAsync() is { } line && line != Ready) { }
    }

    /// <summary>Makes many objects like one, straight into the store: other names and uids, all else the same.</summary>
    /// <param name="ns">Their namespace.</param>
    /// <param name="name">The task to copy.</param>
    /// <param name="prefix">What the copies' names begin with; a number follows.</param>
    /// <param name="uids">What their uids begin with; the number follows, in twelve digits.</param>
    /// <param name="from">The first number.</param>
    /// <param name="to">The number after the last.</param>
    public Task CloneTasksAsync(string ns, string name, string prefix, string uids, int from, int to) =>
        TellAsync(string.Create(CultureInfo.InvariantCulture, $"clone berth.dev/tasks {ns} {name} {prefix} {from} {to} {uids}"));

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

    private static void Clone(ObjectStore store, string[] words)
    {
        var resource = store.Resource(words[1]);
        var original = resource.Find(StoredObject.KeyOf(words[2], words[3])) ?? throw new InvalidOperationException($"there is no {words[2]}/{words[3]}");
        var text = System.Text.Encoding.UTF8.GetString(original.Json.Span);
        for (int i = int.Parse(words[5], CultureInfo.InvariantCulture), to = int.Parse(words[6], CultureInfo.InvariantCulture); i < to; i++)
        {
            var copy = JsonNode.Parse(text.Replace(original.Uid, string.Create(CultureInfo.InvariantCulture, $"{words[7]}{i:D12}"), StringComparison.Ordinal))!.AsObject();
            var name = string.Create(CultureInfo.InvariantCulture, $"{words[4]}-{i}");
            copy["metadata"]!["name"] = name;
            copy["spec"]!["workspace"] = name;
            if (store.Insert(resource, new ObjectDraft(copy)) is null) throw new InvalidOperationException($"{name} is there already");
        }
        store.Compact();
    }
}
