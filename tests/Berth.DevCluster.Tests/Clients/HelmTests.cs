using Xunit;

namespace Berth.DevCluster.Tests.Clients;

/// <summary>The real Helm with a small chart: install, upgrade, rollback, uninstall.</summary>
public sealed class HelmTests : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("berth-helm-");
    private DevCluster _cluster = null!;
    private string _config = "";
    private string _chart = "";

    public static TheoryData<string> Helm => Tool.All("helm");

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.StartAsync(new());
        _config = Path.Combine(_home.FullName, "config");
        await File.WriteAllTextAsync(_config, _cluster.AdminKubeconfig);
        _chart = Path.Combine(_home.FullName, "chart");
        Directory.CreateDirectory(Path.Combine(_chart, "templates"));
        await File.WriteAllTextAsync(Path.Combine(_chart, "Chart.yaml"), "apiVersion: v2\nname: small\nversion: 0.1.0\n");
        await File.WriteAllTextAsync(Path.Combine(_chart, "values.yaml"), "colour: blue\n");
        await File.WriteAllTextAsync(Path.Combine(_chart, "templates", "all.yaml"), """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: {{ .Release.Name }}-settings}
            data: {colour: {{ .Values.colour | quote }}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: {{ .Release.Name }}}
            spec:
              replicas: 0
              selector: {matchLabels: {app: x}}
              template:
                metadata: {labels: {app: x}}
                spec: {containers: [{name: c, image: busybox, env: [{name: COLOUR, value: {{ .Values.colour }}}]}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: {{ .Release.Name }}}
            spec: {selector: {app: x}, ports: [{port: 80}]}
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _home.Delete(recursive: true);
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task A_release_lives_and_dies(string binary)
    {
        if (binary.Length == 0) Assert.Skip("helm is not on PATH; set BERTH_HELM to test with one");
        Task<string> H(params string[] arguments) => Tool.Run(binary, _config, null, arguments);
        using var api = new Api.TestApi(_cluster);
        async Task<string> Colour() => (string)(await api.Get("/api/v1/namespaces/shop/configmaps/r-settings")).Body["data"]!["colour"]!;

        Assert.Contains("STATUS: deployed", await H("install", "r", _chart, "-n", "shop", "--create-namespace", "--wait", "--timeout", "50s"), StringComparison.Ordinal);
        Assert.Equal("blue", await Colour());
        Assert.Contains("REVISION: 2", await H("upgrade", "r", _chart, "-n", "shop", "--set", "colour=red"), StringComparison.Ordinal);
        Assert.Equal("red", await Colour());
        await H("rollback", "r", "1", "-n", "shop");
        Assert.Equal("blue", await Colour());
        Assert.Contains("deployed", await H("list", "-n", "shop"), StringComparison.Ordinal);
        Assert.Contains("superseded", await H("history", "r", "-n", "shop"), StringComparison.Ordinal);
        await H("uninstall", "r", "-n", "shop", "--wait");
        Assert.Equal(404, (await api.Get("/apis/apps/v1/namespaces/shop/deployments/r")).Status);
    }
}
