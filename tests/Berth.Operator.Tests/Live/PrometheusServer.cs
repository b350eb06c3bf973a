using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Berth.Operator.Tests.Live;

/// <summary>A real Prometheus that scrapes what it is told, every second.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;
    private readonly HttpClient _http;

    private PrometheusServer(Process process, string directory, HttpClient http) => (_process, _directory, _http) = (process, directory, http);

    public static bool Exists => Promtool.Find("prometheus") is not null;

    public static async Task<PrometheusServer> StartAsync(IEnumerable<Uri> targets)
    {
        var directory = Directory.CreateTempSubdirectory("berth-prometheus-").FullName;
        var list = string.Join(", ", targets.Select(t => $"'{t.Authority}'"));
        await File.WriteAllTextAsync(Path.Combine(directory, "prometheus.yml"), $"global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: ['{Repository.Path(Alerts.RulesFile.Path)}']\nscrape_configs:\n- job_name: berth\n  honor_labels: true\n  static_configs: [{{targets: [{list}]}}]\n");
        var port = FreePort();
        var start = new ProcessStartInfo(Promtool.Find("prometheus")!, [$"--config.file={directory}/prometheus.yml", $"--storage.tsdb.path={directory}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var server = new PrometheusServer(Process.Start(start)!, directory, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") });
        _ = server._process.StandardError.ReadToEndAsync();
        _ = server._process.StandardOutput.ReadToEndAsync();
        await server.UntilReadyAsync();
        return server;
    }

    /// <summary>Whether a query, over the last minutes, shows at least one number.</summary>
    public async Task<bool> ShowsAsync(string query)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using var body = new FormUrlEncodedContent(new Dictionary<string, string> { ["query"] = query, ["start"] = (now - 300).ToString(CultureInfo.InvariantCulture), ["end"] = now.ToString(CultureInfo.InvariantCulture), ["step"] = "5" });
        using var response = await _http.PostAsync("/api/v1/query_range", body);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (answer.RootElement.GetProperty("status").GetString() != "success") throw new InvalidOperationException($"{query}: {answer.RootElement.GetProperty("error").GetString()}");
        return answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray()
            .SelectMany(series => series.GetProperty("values").EnumerateArray())
            .Any(value => value[1].GetString() is not ("NaN" or null));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task UntilReadyAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                using var response = await _http.GetAsync(new Uri("/-/ready", UriKind.Relative), limit.Token);
                if (response.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // It does not listen yet.
            }
            await Task.Delay(100, limit.Token);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
