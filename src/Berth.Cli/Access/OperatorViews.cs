using System.Text.Json;
using System.Net;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Dev.Stack;
using Berth.Kubernetes;

namespace Berth.Cli.Access;

/// <summary>
/// What only the operator can tell: plan text, logs, history, queue, slots. Asked through the cluster's aggregated API, where the cluster's RBAC
/// decides; where that is not installed, from an operator's own address. Any replica answers.
/// </summary>
internal sealed class OperatorViews(KubernetesClient client, IReadOnlyList<Uri> addresses, bool aggregated) : IDisposable
{
    private const string Root = $"/apis/{Names.ViewGroup}/{Names.Version}";
    private readonly HttpClient http = new() { Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Looks for addresses: as given, in the environment, in the file that ./dev up left beside the kubeconfig.</summary>
    public static OperatorViews Find(KubernetesClient client, string? given, string? kubeconfig)
    {
        var chosen = given ?? Environment.GetEnvironmentVariable("BERTH_OPERATOR_URL");
        var text = chosen ?? Beside(kubeconfig ?? Environment.GetEnvironmentVariable("KUBECONFIG"));
        return new(client, (text ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Select(Address).ToList(), aggregated: chosen is null);
    }

    public void Dispose() => http.Dispose();

    /// <summary>A view of one task; the caller disposes it.</summary>
    /// <exception cref="CliException">No operator is known or answers, or it refuses.</exception>
    public Task<Stream> OpenAsync(string ns, string task, string view, CancellationToken cancellationToken) =>
        OpenAsync($"/namespaces/{Uri.EscapeDataString(ns)}/tasks/{Uri.EscapeDataString(task)}/{view}", cancellationToken);

    /// <summary>A list of the views' own kinds, such as <c>slots</c>: of one namespace, or of all.</summary>
    /// <exception cref="CliException">No operator is known or answers, or it refuses.</exception>
    public async Task<JsonObject> ListAsync(string? ns, string plural, CancellationToken cancellationToken)
    {
        await using var body = await OpenAsync(ns is null ? $"/{plural}" : $"/namespaces/{Uri.EscapeDataString(ns)}/{plural}", cancellationToken);
        try
        {
            if (await JsonNode.ParseAsync(body, cancellationToken: cancellationToken) is JsonObject list && list["items"] is JsonArray) return list;
        }
        catch (JsonException)
        {
            // Somebody else answers there.
        }
        throw new CliException(ExitCodes.Failed, $"What answers {(aggregated ? $"for {Names.ViewGroup}" : $"at {string.Join(", ", addresses)}")} is no operator of Berth. Give its address with --operator-url, or leave that and BERTH_OPERATOR_URL out to ask through the cluster.");
    }

    /// <summary>Any view, by its path below the group and version.</summary>
    /// <exception cref="CliException">No operator is known or answers, or it refuses.</exception>
    public async Task<Stream> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (!aggregated) return await FromAddressesAsync(path, "", cancellationToken);
        try
        {
            return await client.OpenStreamAsync(Root + path, cancellationToken: cancellationToken);
        }
        catch (KubernetesException error) when (IsAboutTheObject(error))
        {
            throw new CliException(ExitCodes.NotWaiting, error.Status.Message ?? error.Message);
        }
        catch (KubernetesException error) when (error.IsTransient && error.Status.Details?.Group == Names.ViewGroup)
        {
            // An operator answered, and said why it cannot: every other one says the same.
            throw new CliException(ExitCodes.Failed, $"{error.Status.Message ?? error.Message}\n'berth doctor' says more.") { MayPass = true };
        }
        catch (KubernetesException error) when (error.IsForbidden || error.IsUnauthorized)
        {
            throw new CliException(ExitCodes.Failed, $"{error.Status.Message ?? error.Message}\nAsk for a role with verb get (or list) on these resources of group {Names.ViewGroup}; the built-in role view has them where the chart made its roles.");
        }
        catch (KubernetesException error) when (error.IsNotFound || error.IsTransient)
        {
            var why = error.IsNotFound ? $"the cluster does not serve {Names.ViewGroup} (the chart's value view.enabled)" : $"the aggregated API does not answer ({error.Status.Message ?? error.Message})";
            if (addresses.Count > 0) return await FromAddressesAsync(path, why, cancellationToken);
            throw new CliException(ExitCodes.Failed, $"No operator could be asked: {why}. 'berth doctor' says more.") { MayPass = error.IsTransient };
        }
    }

    private async Task<Stream> FromAddressesAsync(string path, string before, CancellationToken cancellationToken)
    {
        var complaints = new List<string>();
        foreach (var address in addresses)
        {
            try
            {
                var answer = await http.GetAsync(new Uri(address, "." + Root + path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (answer.IsSuccessStatusCode) return await answer.Content.ReadAsStreamAsync(cancellationToken);
                var text = Message((await answer.Content.ReadAsStringAsync(cancellationToken)).Trim());
                answer.Dispose();
                if (answer.StatusCode == HttpStatusCode.NotFound && text.Length > 0) throw new CliException(ExitCodes.NotWaiting, text);
                complaints.Add(text.Length > 0 ? text : $"{address} answered {(int)answer.StatusCode}");
            }
            catch (HttpRequestException)
            {
                complaints.Add($"nothing answers at {address}");
            }
        }
        // Every replica says the same when it is the database that is away.
        throw new CliException(ExitCodes.Failed, string.Join("; ", complaints.Prepend(before).Where(c => c.Length > 0).Distinct(StringComparer.Ordinal)) + ". Try again, or ask 'berth doctor'.") { MayPass = true };
    }

    // 404 about the object itself carries the group in its details; one about a group that nobody serves does not.
    private static bool IsAboutTheObject(KubernetesException error) => error.IsNotFound && error.Status.Details?.Group == Names.ViewGroup;

    private static string Message(string body)
    {
        if (!body.StartsWith('{')) return body;
        try
        {
            return JsonNode.Parse(body)?["message"]?.GetValue<string>() ?? body;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return body;
        }
    }

    private static Uri Address(string text) => Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        ? address
        : throw new CliException(ExitCodes.Usage, $"'{text}' is no address of an operator; give one like http://127.0.0.1:8080.");

    private static string? Beside(string? kubeconfig)
    {
        if (string.IsNullOrEmpty(kubeconfig)) return null;
        var file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(kubeconfig.Split(Path.PathSeparator)[0]))!, "env");
        return File.Exists(file) && EnvironmentFile.Read(file).TryGetValue("OPERATOR_URLS", out var addresses) ? addresses : null;
    }
}
