using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Berth.DevCluster.Pods.Volumes;

namespace Berth.DevCluster.Pods;

/// <summary>What all pods of one runner share.</summary>
internal sealed class PodHost : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly FileStream _lock;

    public PodHost(PodRunnerOptions options, ApiClient api)
    {
        Options = options;
        Api = api;
        Folder = Path.GetFullPath(options.Directory);
        Root = Path.Combine(Folder, "r");
        Directory.CreateDirectory(Root);
        _lock = Lock();
        Reactor = new Reactor(options.Report);
        Launcher = new Launcher(IsolationProbe.Detect());
        Directory.CreateDirectory(Path.Combine(Folder, "p"));
        Sources = new ApiSources(api, Stopping);
        Events = new EventRecorder(api, options.Report);
        Records = new ProcessRecords(Path.Combine(Folder, "s"));
        Images = new Images(options.Images);
    }

    public PodRunnerOptions Options { get; }

    public ApiClient Api { get; }

    public Reactor Reactor { get; }

    public Launcher Launcher { get; }

    /// <summary>The runner's directory: p(ods), s(tate), r(oot), pvc.</summary>
    public string Folder { get; }

    public string Root { get; }

    public ApiSources Sources { get; }

    public EventRecorder Events { get; }

    public ProcessRecords Records { get; }

    public Images Images { get; }

    /// <summary>All pods share the machine's network.</summary>
    public const string Address = "127.0.0.1";

    /// <summary>The pod's address; the same after a restart of this runner.</summary>
    public string AddressOf(JsonObject pod)
    {
        if (!Options.PodAddresses || pod.Flag("spec", "hostNetwork")) return Address;
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(pod.Uid()));
        return string.Create(CultureInfo.InvariantCulture, $"127.{1 + (hash[0] % 254)}.{hash[1]}.{1 + (hash[2] % 254)}");
    }

    public CancellationToken Stopping => _stop.Token;

    public void Stop() => _stop.Cancel();

    public void Report(JsonObject pod, string text) => Options.Report($"pod {pod.Key()}: {text}");

    public void Dispose()
    {
        _stop.Cancel();
        Reactor.Dispose();
        _lock.Dispose();
        _stop.Dispose();
    }

    /// <summary>Two runners in one directory would end each other's processes.</summary>
    private FileStream Lock()
    {
        try
        {
            return new FileStream(Path.Combine(Folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new InvalidOperationException($"another pod runner uses {Folder}; stop it or give this one a directory of its own with --dir");
        }
    }
}
