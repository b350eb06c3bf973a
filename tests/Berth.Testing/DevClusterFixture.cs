using Berth.DevCluster;
using Berth.DevCluster.Faults;

namespace Berth.Testing;

/// <summary>
/// A dev cluster with this repository's custom resources, for tests. One instance is one cluster; tests that share it
/// use namespaces of their own (<see cref="Namespace"/>).
/// </summary>
public sealed class DevClusterFixture : IAsyncDisposable
{
    private int _namespaces;

    private DevClusterFixture(DevCluster.DevCluster cluster) => Cluster = cluster;

    /// <summary>The cluster.</summary>
    public DevCluster.DevCluster Cluster { get; }

    /// <summary>Starts a cluster with the CRDs in <c>crds/</c>.</summary>
    /// <param name="change">Changes the options before the start.</param>
    public static async Task<DevClusterFixture> StartAsync(Action<DevClusterOptions>? change = null)
    {
        var options = new DevClusterOptions { Crds = CrdDirectory(), Faults = true };
        change?.Invoke(options);
        return new DevClusterFixture(await DevCluster.DevCluster.StartAsync(options));
    }

    /// <summary>Faults on command.</summary>
    public FaultDriver Faults() => Cluster.CreateFaultDriver();

    /// <summary>Makes a namespace that no other test uses and returns its name.</summary>
    public async Task<string> Namespace(CancellationToken cancel = default)
    {
        var name = $"test-{Interlocked.Increment(ref _namespaces)}-{Guid.NewGuid().ToString("N")[..6]}";
        using var client = Cluster.CreateClient();
        using var body = new StringContent($$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{name}}}"}}""", null, "application/json");
        using var answer = await client.PostAsync(new Uri("/api/v1/namespaces", UriKind.Relative), body, cancel);
        answer.EnsureSuccessStatusCode();
        return name;
    }

    /// <summary>Writes a user's kubeconfig into a directory and returns its path.</summary>
    public async Task<string> WriteKubeconfig(string directory, string? user = null)
    {
        var path = Path.Combine(directory, "kubeconfig" + (user is null ? "" : "." + user));
        await File.WriteAllTextAsync(path, user is null ? Cluster.AdminKubeconfig : Cluster.KubeconfigOf(user));
        return path;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    private static string CrdDirectory()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Operator.sln"))) return Path.Combine(at.FullName, "crds");
        }
        throw new DirectoryNotFoundException("run the tests from inside the repository: crds/ was not found above " + AppContext.BaseDirectory);
    }
}
