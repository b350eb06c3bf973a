using Berth.Testing;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>The cluster of BERTH_TEST_KUBECONFIG with a namespace for one test. A warning of its API server fails the test.</summary>
internal sealed class Given : IAsyncDisposable
{
    private readonly Scratch _home = new();
    private readonly GivenClusterTurn _turn;
    private readonly string _helm;
    private readonly string _kubectl;
    private readonly string _namespace;
    private readonly string _kubeconfig;

    private Given(string helm, string kubectl, string kubeconfig, string ns, GivenClusterTurn turn) => (_helm, _kubectl, _kubeconfig, _namespace, _turn) = (helm, kubectl, Path.GetFullPath(kubeconfig), ns, turn);

    public static async Task<Given> StartAsync(string helm, string ns)
    {
        var kubeconfig = Environment.GetEnvironmentVariable("BERTH_TEST_KUBECONFIG");
        Assert.SkipWhen(string.IsNullOrEmpty(kubeconfig), "BERTH_TEST_KUBECONFIG is not set");
        var kubectl = Tool.All("kubectl").First().Data;
        Tool.Require(kubectl, "kubectl");
        var given = new Given(helm, kubectl, kubeconfig!, ns, await GivenClusterTurn.TakeAsync(kubeconfig!));
        if ((await given.KubectlAsync("get", "crd", "-o", "name")).Contains("berth.dev", StringComparison.Ordinal))
        {
            given._turn.Dispose();
            Assert.Skip("the cluster of BERTH_TEST_KUBECONFIG has a Berth, which this test would take away");
        }
        await given.KubectlAsync("create", "namespace", ns);
        await given.KubectlAsync("label", "namespace", ns, "pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted");
        await given.KubectlAsync("-n", ns, "create", "quota", "few", "--hard=pods=20,requests.cpu=8,requests.memory=16Gi");
        return given;
    }

    public async Task<string> HelmAsync(params string[] arguments) => Unwarned(await Tool.TryAsync(_helm, _home.Path, _kubeconfig, arguments), arguments);

    public async Task<string> KubectlAsync(params string[] arguments) => Unwarned(await Tool.TryAsync(_kubectl, _home.Path, _kubeconfig, arguments), arguments);

    public async Task<string> CreateAsync(string verb, string yaml, params string[] options) => await KubectlAsync([verb, "-f", await FileAsync(yaml), .. options]);

    public async Task RefusedAsync(string says, string yaml)
    {
        var (code, output, error) = await Tool.TryAsync(_kubectl, _home.Path, _kubeconfig, "-n", _namespace, "create", "-f", await FileAsync(yaml));
        Assert.True(code != 0 && error.Contains(says, StringComparison.Ordinal), $"{code}: {error}{output}");
    }

    public async Task<string> PasswordAsync()
    {
        var text = await KubectlAsync("-n", _namespace, "get", "secret", "berth-postgres", "-o", "jsonpath={.data.password}");
        Assert.NotEmpty(text);
        return text;
    }

    public async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (var until = DateTime.UtcNow.AddSeconds(60); !await holds(); await Task.Delay(300))
            if (DateTime.UtcNow > until) Assert.Fail($"not within a minute: {what}\n{await KubectlAsync("-n", _namespace, "get", "all,events")}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_helm.Length > 0) await Tool.TryAsync(_helm, _home.Path, _kubeconfig, "uninstall", "berth", "-n", _namespace, "--no-hooks");
        await Tool.TryAsync(_kubectl, _home.Path, _kubeconfig, "delete", "crd", "tasks.berth.dev", "agentpools.berth.dev", "approvals.berth.dev", "--ignore-not-found");
        await Tool.TryAsync(_kubectl, _home.Path, _kubeconfig, "delete", "namespace", _namespace, "--timeout=60s");
        _turn.Dispose();
        _home.Dispose();
    }

    private static string Unwarned((int Code, string Output, string Error) result, string[] arguments)
    {
        Assert.True(result.Code == 0, $"{string.Join(' ', arguments)} ended with {result.Code}:\n{result.Error}{result.Output}");
        Assert.DoesNotContain("warning", result.Error, StringComparison.OrdinalIgnoreCase);
        return result.Output;
    }

    private async Task<string> FileAsync(string text)
    {
        var path = Path.Combine(_home.Path, Guid.NewGuid().ToString("N") + ".yaml");
        await File.WriteAllTextAsync(path, text);
        return path;
    }
}
