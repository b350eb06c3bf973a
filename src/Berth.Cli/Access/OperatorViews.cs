using System.Net;
using Berth.Cli.Dev.Stack;

namespace Berth.Cli.Access;

/// <summary>What only the operator can tell: plan text, logs and history. Any replica answers; the first that does is taken.</summary>
internal sealed class OperatorViews(IReadOnlyList<Uri> addresses) : IDisposable
{
    private readonly HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Looks for addresses: as given, in the environment, in the file that ./dev up left beside the kubeconfig.</summary>
    public static OperatorViews Find(string? given, string? kubeconfig)
    {
        var text = given ?? Environment.GetEnvironmentVariable("BERTH_OPERATOR_URL") ?? Beside(kubeconfig ?? Environment.GetEnvironmentVariable("KUBECONFIG"));
        return new((text ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(a => new Uri(a.TrimEnd('/') + "/")).ToList());
    }

    public void Dispose() => http.Dispose();

    /// <summary>The body of a view of one task; the caller disposes it.</summary>
    /// <exception cref="CliException">No operator is known or answers, or it refuses.</exception>
    public async Task<Stream> OpenAsync(string ns, string task, string view, CancellationToken cancellationToken)
    {
        if (addresses.Count == 0)
            throw new CliException(ExitCodes.Failed, "Where does the operator answer? Name it with --operator-url or BERTH_OPERATOR_URL (in a cluster: kubectl -n berth-system port-forward deploy/berth 8080).");
        var path = $"view/v1/namespaces/{Uri.EscapeDataString(ns)}/tasks/{Uri.EscapeDataString(task)}/{view}";
        var complaints = new List<string>();
        foreach (var address in addresses)
        {
            try
            {
                var answer = await http.GetAsync(new Uri(address, path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (answer.IsSuccessStatusCode) return await answer.Content.ReadAsStreamAsync(cancellationToken);
                var text = (await answer.Content.ReadAsStringAsync(cancellationToken)).Trim();
                answer.Dispose();
                if (answer.StatusCode == HttpStatusCode.NotFound) throw new CliException(ExitCodes.NotWaiting, text.Length > 0 ? text : $"The operator has no {view.Split('?')[0]} of task '{task}'.");
                complaints.Add($"{address}: {(int)answer.StatusCode} {text}");
            }
            catch (HttpRequestException error)
            {
                complaints.Add($"{address}: {error.Message}");
            }
        }
        throw new CliException(ExitCodes.Failed, "The operator does not answer: " + string.Join("; ", complaints));
    }

    private static string? Beside(string? kubeconfig)
    {
        if (string.IsNullOrEmpty(kubeconfig)) return null;
        var file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(kubeconfig.Split(Path.PathSeparator)[0]))!, "env");
        return File.Exists(file) && EnvironmentFile.Read(file).TryGetValue("OPERATOR_URLS", out var addresses) ? addresses : null;
    }
}
