using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Kubernetes;

namespace Berth.Operator.Approvals;

/// <summary>
/// Since when each namespace is proved, kept in a ConfigMap of the operator's namespace: a replica that has just started goes on with the
/// proof of those before it. Otherwise every decision made in the seconds before it started would be refused for being older than its
/// own first check. A gap without any check breaks the proof: nobody knows what the cluster let pass meanwhile.
/// </summary>
internal sealed partial class ApprovalProofRecord(KubernetesClient client, string operatorNamespace, ILogger<ApprovalProofRecord> log)
{
    private const string Name = "berth-approval-proofs";
    private static readonly TimeSpan LongestGap = TimeSpan.FromMinutes(15);

    /// <summary>Notes that a namespace was proved now; returns since when the unbroken proof stands.</summary>
    public async Task<DateTimeOffset> ProvedAsync(string ns, DateTimeOffset since, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var map = await client.TryGetAsync(Resources.ConfigMaps, new ObjectKey(operatorNamespace, Name), cancellationToken);
            if (map?.Data?.GetValueOrDefault(ns) is { } text && TryParse(text, out var known, out var last) && now - last <= LongestGap && known < since) since = known;
            await WriteAsync(ns, $"{since.UtcDateTime:O} {now.UtcDateTime:O}", cancellationToken);
        }
        catch (KubernetesException error)
        {
            LogNotKept(ns, error.Message);
        }
        return since;
    }

    /// <summary>Notes that a namespace is not proved: what was proved before counts no longer, for any replica.</summary>
    public async Task BrokenAsync(string ns, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(ns, null, cancellationToken);
        }
        catch (KubernetesException error)
        {
            LogNotKept(ns, error.Message);
        }
    }

    // One field manager for each namespace, so that an apply without the key takes just that key away.
    private Task WriteAsync(string ns, string? text, CancellationToken cancellationToken)
    {
        var map = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = operatorNamespace },
            ["data"] = text is null ? [] : new JsonObject { [ns] = text },
        };
        var options = new WriteOptions { FieldManager = "berth-proof-" + ns, Force = true };
        return client.PatchAsync(Resources.ConfigMaps, new ObjectKey(operatorNamespace, Name), Patch.Apply(map), options: options, cancellationToken: cancellationToken);
    }

    private static bool TryParse(string text, out DateTimeOffset since, out DateTimeOffset last)
    {
        last = default;
        var parts = text.Split(' ');
        return DateTimeOffset.TryParse(parts[0], CultureInfo.InvariantCulture, out since) && parts.Length == 2 && DateTimeOffset.TryParse(parts[1], CultureInfo.InvariantCulture, out last);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The proof of namespace {Namespace} was not kept for other replicas: {Detail}")]
    private partial void LogNotKept(string @namespace, string detail);
}
