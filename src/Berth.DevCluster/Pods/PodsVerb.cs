using System.Globalization;
using System.Runtime.InteropServices;

namespace Berth.DevCluster.Pods;

/// <summary>The verb <c>pods</c>: runs the pods of any API server as local processes until it is told to stop.</summary>
public static class PodsVerb
{
    /// <summary>What the verb takes, for a usage text.</summary>
    public const string Usage = """
        pods --kubeconfig FILE [--dir D] [--nodes N] [--node-prefix dev-node-] [--image NAME=DIR ...] [--start-delay 1s]
             [--listen 127.0.0.1:PORT] [--restart-backoff 10s] [--heartbeat 2s] [--schedule auto|always|never]
        """;

    /// <summary>Runs the verb.</summary>
    /// <param name="arguments">The command line behind the verb.</param>
    /// <returns>The exit code: 0 when told to stop, 2 for a wrong command line.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        PodRunnerOptions options;
        try
        {
            options = Parse(arguments);
        }
        catch (ArgumentException wrong)
        {
            await Console.Error.WriteLineAsync($"{wrong.Message}\nusage: {Usage}");
            return 2;
        }

        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, stop));
        try
        {
            await using PodRunner runner = await PodRunner.StartAsync(options, stop.Token);
            Console.WriteLine($"pod runner ready: {options.Nodes} node(s), logs and admin at {runner.Endpoint}, files in {options.Directory}");
            await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop while still starting.
        }
        catch (Exception fault) when (fault is InvalidOperationException or InvalidDataException or IOException or ArgumentException or Client.ApiException)
        {
            await Console.Error.WriteLineAsync($"pods: {fault.Message}");
            return 1;
        }

        return 0;
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }

    internal static PodRunnerOptions Parse(IReadOnlyList<string> arguments)
    {
        string? kubeConfig = Environment.GetEnvironmentVariable("KUBECONFIG");
        var images = new Dictionary<string, string>();
        var options = new PodRunnerOptions { KubeConfig = "", Directory = "", Images = images };
        for (int at = 0; at < arguments.Count; at += 2)
        {
            string value = at + 1 < arguments.Count ? arguments[at + 1] : throw new ArgumentException($"{arguments[at]} needs a value");
            switch (arguments[at])
            {
                case "--kubeconfig": kubeConfig = value; break;
                case "--dir": options = options with { Directory = value }; break;
                case "--nodes": options = options with { Nodes = Count(value) }; break;
                case "--node-prefix": options = options with { NodePrefix = value }; break;
                case "--listen": options = options with { Listen = value }; break;
                case "--start-delay": options = options with { StartDelay = Duration(value) }; break;
                case "--restart-backoff": options = options with { RestartBackoff = Duration(value) }; break;
                case "--heartbeat": options = options with { Heartbeat = Duration(value) }; break;
                case "--schedule": options = options with { Schedule = Schedule(value) }; break;
                case "--image":
                    string[] pair = value.Split('=', 2);
                    images[pair[0]] = pair.Length == 2 ? pair[1] : throw new ArgumentException($"--image wants NAME=DIR, not '{value}'");
                    break;
                default: throw new ArgumentException($"unknown option {arguments[at]}");
            }
        }

        if (kubeConfig is null)
        {
            throw new ArgumentException("say which cluster: --kubeconfig FILE, or the variable KUBECONFIG");
        }

        string folder = options.Directory.Length > 0 ? options.Directory : Path.Combine(Path.GetTempPath(), "berth-pods");
        return options with { KubeConfig = kubeConfig, Directory = folder };
    }

    private static bool? Schedule(string value) => value switch
    {
        "auto" => null,
        "always" => true,
        "never" => false,
        _ => throw new ArgumentException($"--schedule wants auto, always or never, not '{value}'"),
    };

    private static int Count(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : throw new ArgumentException($"'{value}' is no count");

    private static TimeSpan Duration(string value)
    {
        (string digits, double unit) = value switch
        {
            [.. var number, 'm', 's'] => (number, 0.001),
            [.. var number, 's'] => (number, 1),
            [.. var number, 'm'] => (number, 60),
            _ => ("", 0.0),
        };
        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double count)
            ? TimeSpan.FromSeconds(count * unit)
            : throw new ArgumentException($"'{value}' is no duration; write one such as 500ms, 10s or 2m");
    }
}
