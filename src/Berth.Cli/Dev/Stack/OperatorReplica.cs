using System.Globalization;
using Berth.Cli.Dev.Processes;
using Berth.DevCluster;

namespace Berth.Cli.Dev.Stack;

/// <summary>One replica of the operator, on ports that it keeps when it is started again.</summary>
internal sealed class OperatorReplica
{
    /// <summary>The image reference that stands for the agent's build output.</summary>
    public const string AgentImage = "berth-agent:dev";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private OperatorReplica(SupervisedProgram program, string url, string view) => (Program, Url, View) = (program, url, view);

    public SupervisedProgram Program { get; }

    /// <summary>Where it answers health, metrics and, on this machine alone, views.</summary>
    public string Url { get; }

    /// <summary>host:port of its aggregated API.</summary>
    public string View { get; }

    /// <summary>As many replicas as asked for; every one knows the gateway addresses of all.</summary>
    public static IReadOnlyList<OperatorReplica> Create(int count, InstanceDirectory directory, PostgresAddress postgres, Action changed)
    {
        var ports = FreePorts.Take(count * 3);
        var gateways = ports.Skip(count).Take(count).Select(Address).ToList();
        return Enumerable.Range(0, count).Select(i =>
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"operator-{i}");
            var arguments = Arguments(name, directory.Kubeconfig, postgres, Address(ports[i]), gateways[i], gateways, Address(ports[(2 * count) + i]));
            var start = new ProgramStart(name, directory.Log(name), Programs.Operator, arguments);
            return new OperatorReplica(new(start, Grace, changed), "http://" + Address(ports[i]), Address(ports[(2 * count) + i]));
        }).ToList();
    }

    /// <summary>The options of an operator process.</summary>
    public static IReadOnlyList<string> Arguments(string identity, string kubeconfig, PostgresAddress postgres, string http, string gateway, IEnumerable<string> gateways, string view) =>
    [
        $"--kubeconfig={kubeconfig}",
        $"--Identity={identity}",
        "--Operator:Namespace=berth-system",
        $"--Http:Address={http}",
        "--Http:Views=true",
        $"--View:Address={view}",
        $"--Gateway:Address={gateway}",
        $"--Gateway:Addresses={string.Join(',', gateways)}",
        $"--Postgres:ConnectionString={postgres.ConnectionString}",
        $"--Images:Agent={AgentImage}",
    ];

    /// <summary>Null when the replica says that it is ready.</summary>
    public async Task<string?> WhyNotReadyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        const int tooMany = 3;
        if (Program.Restarts >= tooMany) throw new DevException($"{Program.Start.Name} ended {Program.Restarts} times while starting, last with code {Program.LastExit}.", Program.Start.LogPath);
        try
        {
            using var answer = await http.GetAsync(new Uri(Url + "/readyz"), cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"{Program.Start.Name} says {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellationToken)}";
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"{Program.Start.Name} does not answer: {error.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{Program.Start.Name} does not answer within {http.Timeout.TotalSeconds} s";
        }
    }

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
}
