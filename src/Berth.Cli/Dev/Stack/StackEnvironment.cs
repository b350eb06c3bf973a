using System.Globalization;
using Berth.Cli.Dev.Processes;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Stack;

/// <summary>What D/env tells.</summary>
internal static class StackEnvironment
{
    public static IEnumerable<KeyValuePair<string, string>> Of(InstanceDirectory directory, PostgresAddress postgres,
        IReadOnlyList<(string Name, ProcessIdentity Process)> processes, IReadOnlyList<OperatorReplica> operators, string? podsAddress)
    {
        var config = KubernetesConfig.Load(directory.Kubeconfig);
        string Pids(Func<string, bool> named) => string.Join(' ', processes.Where(p => named(p.Name)).Select(p => p.Process.Pid.ToString(CultureInfo.InvariantCulture)));
        return new Dictionary<string, string>
        {
            ["KUBECONFIG"] = directory.Kubeconfig,
            ["API_URL"] = config.Server.AbsoluteUri.TrimEnd('/'),
            ["API_TOKEN"] = config.Token ?? "",
            ["POSTGRES"] = postgres.Uri,
            ["POSTGRES_CONNECTION_STRING"] = postgres.ConnectionString,
            ["POSTGRES_PID"] = Pids(n => n == "postgres"),
            ["OPERATOR_PIDS"] = Pids(n => n.StartsWith("operator-", StringComparison.Ordinal)),
            ["OPERATOR_URLS"] = string.Join(' ', operators.Select(o => o.Url)),
            ["METRICS_URLS"] = string.Join(' ', operators.Select(o => o.Url + "/metrics")),
            ["SUPERVISOR_PID"] = Pids(n => n == "supervisor"),
            ["CLUSTER_PID"] = Pids(n => n == "cluster"),
            ["PODS_PID"] = Pids(n => n == "pods"),
            ["PODS_URL"] = podsAddress is null ? "" : "http://" + podsAddress,
            ["PODS_DIR"] = directory.Pods,
            ["LOGS"] = directory.Logs,
        };
    }
}
