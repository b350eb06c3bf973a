using System.Text.Json.Nodes;
using Berth.Testing;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>The API server of BERTH_TEST_KUBECONFIG as one test's own: nobody else has it meanwhile, and it is left as it was found.</summary>
internal sealed class GivenSite : IDisposable
{
    private readonly string _kubectl;
    private readonly string _kubeconfig;
    private readonly string _home;
    private readonly GivenClusterTurn _turn;
    private readonly HashSet<string> _before = [];

    private GivenSite(string kubectl, string kubeconfig, string home, GivenClusterTurn turn) => (_kubectl, _kubeconfig, _home, _turn) = (kubectl, kubeconfig, home, turn);

    public static async Task<GivenSite> TakeAsync(string kubectl, string kubeconfig, string home)
    {
        var given = new GivenSite(kubectl, kubeconfig, home, await GivenClusterTurn.TakeAsync(kubeconfig));
        if ((await given.KubectlAsync("get", "crd", "-o", "name")).Contains("berth.dev", StringComparison.Ordinal))
        {
            given.Dispose();
            Assert.Skip("the cluster of BERTH_TEST_KUBECONFIG has a Berth, which this test would take away");
        }
        given._before.UnionWith(await given.NamespacesAsync());
        return given;
    }

    /// <summary>The administrator's name.</summary>
    public Task<string> WhoAsync() => KubectlAsync("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}");

    /// <summary>A kubeconfig with which the administrator acts for a user.</summary>
    public async Task<string> KubeconfigOfAsync(string name)
    {
        var config = JsonNode.Parse(await KubectlAsync("config", "view", "--raw", "-o", "json"))!;
        foreach (var user in config["users"]!.AsArray()) user!["user"]!["as"] = name;
        return config.ToJsonString();
    }

    /// <summary>Takes away what the test made, while its pods still run.</summary>
    public async Task EndAsync(string helm, string ns)
    {
        await Tool.TryAsync(helm, _home, _kubeconfig, "uninstall", "berth", "-n", ns, "--no-hooks", "--wait", "--timeout", "60s");
        var made = (await NamespacesAsync()).Except(_before).ToArray();
        foreach (var name in made) await TryAsync("delete", "namespace", name, "--wait=false");
        foreach (var name in made) await TryAsync("-n", name, "delete", "pods", "--all", "--grace-period=1", "--timeout=20s");
        await Tool.TryAsync("bash", _home, _kubeconfig, "-c", $"export PATH={Path.GetDirectoryName(_kubectl)}:$PATH\n{PagesTests.Blocks("uninstall.md")[^1]}");
        await TryAsync("delete", "crd", "tasks.berth.dev", "agentpools.berth.dev", "approvals.berth.dev", "--ignore-not-found");
        foreach (var name in made) await TryAsync("wait", "--for=delete", "namespace/" + name, "--timeout=60s");
    }

    public void Dispose() => _turn.Dispose();

    private async Task<string[]> NamespacesAsync() => (await KubectlAsync("get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}")).Split(' ');

    private Task<string> KubectlAsync(params string[] arguments) => Tool.RunAsync(_kubectl, _home, _kubeconfig, arguments);

    private Task TryAsync(params string[] arguments) => Tool.TryAsync(_kubectl, _home, _kubeconfig, arguments);
}
