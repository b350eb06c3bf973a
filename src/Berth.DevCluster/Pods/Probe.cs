using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Pods;

/// <summary>Asks a container one question: exec, httpGet or tcpSocket; also runs lifecycle hooks, which look the same.</summary>
internal static class Probe
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.Zero,
#pragma warning disable CA5359 // As the kubelet: a probe does not verify the container's certificate.
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    /// <summary>Null when the answer is good, otherwise what was wrong.</summary>
    public static async Task<string?> AskAsync(PodHost host, PodContainer container, JsonNode probe, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            if (probe.At("exec") is { } exec)
            {
                return await ExecAsync(host, container, [.. exec.Texts("command")], limit.Token);
            }

            if (probe.At("httpGet") is { } http)
            {
                return await HttpAsync(container, http, limit.Token);
            }

            if (probe.At("tcpSocket") is { } tcp)
            {
                using var client = new TcpClient();
                await client.ConnectAsync(tcp.Text("host") ?? container.Address, Port(container, tcp), limit.Token);
            }
            else if (probe.Number("sleep", "seconds") is { } seconds)
            {
                await Task.Delay(TimeSpan.FromSeconds(seconds), limit.Token);
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            return $"timed out after {timeout.TotalSeconds:0}s";
        }
        catch (Exception fault) when (fault is SocketException or HttpRequestException or IOException or ContainerStartException)
        {
            return fault.Message;
        }
    }

    private static async Task<string?> HttpAsync(PodContainer container, JsonNode http, CancellationToken cancel)
    {
        string scheme = http.Text("scheme") == "HTTPS" ? "https" : "http";
        var uri = new Uri($"{scheme}://{http.Text("host") ?? container.Address}:{Port(container, http)}{http.Text("path") ?? "/"}");
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.UserAgent.ParseAdd("kube-probe/1.36");
        foreach (JsonNode header in http.Items("httpHeaders"))
        {
            request.Headers.TryAddWithoutValidation(header.Text("name") ?? "", header.Text("value"));
        }

        using HttpResponseMessage answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        int code = (int)answer.StatusCode;
        return code is >= 200 and < 400 ? null : $"HTTP probe failed with statuscode: {code}";
    }

    private static async Task<string?> ExecAsync(PodHost host, PodContainer container, string[] arguments, CancellationToken cancel)
    {
        if (container.Process is not { } process || arguments.Length == 0)
        {
            return "the container is not running";
        }

        string path = Path.Combine(host.Folder, $"exec-{Guid.NewGuid():n}");
        using var log = new ContainerLog(path, 64 * 1024);
        try
        {
            ContainerProcess child = await process.ExecAsync(host.Reactor, host.Launcher, arguments, log);
            try
            {
                ExitStatus exit = await child.Exited.WaitAsync(cancel);
                log.Complete();
                return exit.ExitCode == 0 ? null : Output(path) is { Length: > 0 } text ? text : $"command exited with {exit.ExitCode}";
            }
            catch (OperationCanceledException)
            {
                _ = Native.kill(child.Pid, Native.SignalKill);
                throw;
            }
        }
        finally
        {
            log.Complete();
            File.Delete(path);
            File.Delete(log.OlderPath);
        }
    }

    private static string Output(string path) =>
        string.Join('\n', File.ReadLines(path).Take(20).Select(static line => line.Split(' ', 4)[^1]));

    private static int Port(PodContainer container, JsonNode action)
    {
        string port = action.Text("port") ?? "";
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : (int)(container.Spec.Items("ports").FirstOrDefault(item => item.Text("name") == port).Number("containerPort") ?? 0);
    }
}
