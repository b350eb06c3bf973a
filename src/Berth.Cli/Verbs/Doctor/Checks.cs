using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Cli.Verbs.Steer;
using Berth.Kubernetes;
using Found = System.Threading.Tasks.Task<System.Collections.Generic.IReadOnlyList<Berth.Cli.Verbs.Doctor.Finding>>;

namespace Berth.Cli.Verbs.Doctor;

/// <summary>The checks of the cluster and the operator; those of pools and tasks are in <see cref="WorkChecks"/>.</summary>
internal static class Checks
{
    public const string ApiAccess = "API access";
    private static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StaleLease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CertificateEnds = TimeSpan.FromDays(14);
    private static readonly ResourceType<JsonObject> Definitions = Resources.Dynamic("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced: false);
    private static readonly ResourceType<JsonObject> ApiServices = Resources.Dynamic("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced: false);

    /// <summary>All of them, in this order.</summary>
    public static IReadOnlyList<(string Name, Func<Patient, string, CancellationToken, Found> Examine)> All { get; } =
    [
        (ApiAccess, AccessAsync), ("CRDs", DefinitionsAsync), ("rights", RightsAsync), ("leader", LeaderAsync), ("views", ViewsAsync), ("database", DatabaseAsync), ("disk", DiskAsync),
        ("loops", LoopsAsync), ("clocks", ClocksAsync), ("certificates", CertificatesAsync), ("agents", WorkChecks.AgentsAsync), ("pools", WorkChecks.PoolsAsync), ("tasks", WorkChecks.TasksAsync), ("orphans", WorkChecks.OrphansAsync),
    ];

    private static async Found AccessAsync(Patient patient, string check, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var version = JsonNode.Parse(await patient.Session.Client.SendForBytesAsync(new() { Method = HttpMethod.Get, Path = "/version" }, stop))?["gitVersion"]?.ToString();
        var user = await patient.Session.UserNameAsync(stop);
        var text = $"{patient.Session.Client.Server.Authority}, {version}, as {user}, {clock.ElapsedMilliseconds} ms for two requests";
        return [clock.Elapsed > SlowAnswer * 2 ? new(check, Verdict.Warning, text, "The API server is slow, or far away: everything Berth does waits for it.") : new(check, Verdict.Ok, text)];
    }

    private static async Found DefinitionsAsync(Patient patient, string check, CancellationToken stop)
    {
        const string remedy = "Install or upgrade the chart (crds.install=true), or: kubectl apply --server-side -f crds/";
        var found = new List<Finding>();
        foreach (var type in (ResourceType[])[BerthResources.Tasks, BerthResources.Pools, BerthResources.Approvals])
        {
            if (await patient.Session.Client.TryGetAsync(Definitions, new(null, type.ToString()), stop) is not { } definition) found.Add(new(check, Verdict.Bad, $"{type} is not installed", remedy));
            else if (definition["spec"]?["versions"]?.AsArray().Any(v => (string?)v?["name"] == Names.Version && (bool?)v["served"] == true) != true) found.Add(new(check, Verdict.Bad, $"{type} does not serve {Names.Version}", remedy));
            else if (definition["status"]?["conditions"]?.AsArray().Any(c => (string?)c?["type"] == "Established" && (string?)c["status"] == "True") != true) found.Add(new(check, Verdict.Bad, $"{type} is not established", $"kubectl describe crd {type}"));
        }
        return found.Count > 0 ? found : [new(check, Verdict.Ok, $"tasks, agentpools and approvals are served as {Names.ApiVersion}")];
    }

    private static async Found RightsAsync(Patient patient, string check, CancellationToken stop)
    {
        (string Verb, string Group, string Resource, string What)[] wanted =
        [
            ("create", Names.Group, "tasks", "create tasks"), ("patch", Names.Group, "tasks", "steer tasks"), ("create", Names.Group, "approvals", "decide plans"), ("approve", Names.Group, "workspaces", "approve every workspace"),
            ("get", Names.ViewGroup, "tasks", "read logs and plans"), ("patch", "", "pods", "drain pods"),
        ];
        var (may, mayNot) = (new List<string>(), new List<string>());
        foreach (var (verb, group, resource, what) in wanted) (await MayAsync(patient.Session, verb, group, resource, stop) ? may : mayNot).Add(what);
        return [new(check, Verdict.Ok, $"in namespace {patient.Session.Namespace} you may {(may.Count > 0 ? string.Join(", ", may) : "nothing")}{(mayNot.Count > 0 ? $"; you may not {string.Join(", ", mayNot)}" : "")}")];
    }

    private static async Task<bool> MayAsync(ClusterSession session, string verb, string group, string resource, CancellationToken stop)
    {
        var review = new JsonObject
        {
            ["apiVersion"] = "authorization.k8s.io/v1",
            ["kind"] = "SelfSubjectAccessReview",
            ["spec"] = new JsonObject { ["resourceAttributes"] = new JsonObject { ["namespace"] = session.Namespace, ["verb"] = verb, ["group"] = group, ["resource"] = resource } },
        };
        var answer = await session.Client.SendForBytesAsync(new() { Method = HttpMethod.Post, Path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", Body = Encoding.UTF8.GetBytes(review.ToJsonString()), Verb = "create" }, stop);
        return (bool?)JsonNode.Parse(answer)?["status"]?["allowed"] == true;
    }

    private static async Found LeaderAsync(Patient patient, string check, CancellationToken stop)
    {
        var remedy = $"kubectl get pods -n {patient.Session.OperatorNamespace}: do operators run and get ready? Their logs name what is missing; see docs/runbooks/no-leader.md";
        Lease lease;
        try
        {
            lease = await LeaderCommand.LeaseAsync(patient.Session, stop);
        }
        catch (CliException error)
        {
            return [new(check, Verdict.Bad, error.Message, remedy)];
        }
        if (LeaderCommand.Name(lease) is not { Length: > 0 } name) return [new(check, Verdict.Bad, "nobody leads", remedy)];
        var ago = DateTimeOffset.UtcNow - (lease.Spec?.RenewTime ?? DateTimeOffset.MinValue);
        var text = string.Create(CultureInfo.InvariantCulture, $"{name} leads with epoch {lease.Spec?.LeaseTransitions}, since {Ages.Since(lease.Spec?.AcquireTime)}, renewed {Ages.Of(ago)} ago");
        return [ago > StaleLease ? new(check, Verdict.Bad, text, remedy) : new(check, Verdict.Ok, text)];
    }

    private static async Found ViewsAsync(Patient patient, string check, CancellationToken stop)
    {
        var service = await patient.Session.Client.TryGetAsync(ApiServices, new(null, $"{Names.Version}.{Names.ViewGroup}"), stop);
        if (service is null) return [new(check, Verdict.Warning, $"{Names.ViewGroup} is not registered: logs, plan text, queue and slots come from an operator's own address, or not at all", "Set the chart's value view.enabled=true.")];
        var available = service["status"]?["conditions"]?.AsArray().FirstOrDefault(c => (string?)c?["type"] == "Available");
        if ((string?)available?["status"] == "True") return [new(check, Verdict.Ok, $"{Names.ViewGroup} is served by the operators")];
        return [new(check, Verdict.Bad, $"{Names.ViewGroup} is registered but not available: {(string?)available?["message"] ?? "not judged yet"}. Namespaces cannot be deleted while it is so", $"Bring the operators back (kubectl get pods -n {patient.Session.OperatorNamespace}), or: kubectl delete apiservice {Names.Version}.{Names.ViewGroup}")];
    }

    private static async Found DatabaseAsync(Patient patient, string check, CancellationToken stop)
    {
        var seen = await patient.OperatorAsync(stop);
        var (trouble, depth, lag) = ((string?)seen["history"] ?? "", (long?)seen["outboxDepth"] ?? 0, (long?)seen["outboxLagSeconds"] ?? 0);
        if (trouble != "ok") return [new(check, Verdict.Bad, $"{trouble.TrimEnd('.')}; running work goes on", "Bring PostgreSQL back, or correct the connection string; see docs/runbooks/history-unavailable.md")];
        var text = $"takes what it is given; {depth} tasks have unwritten transitions{(lag > 0 ? $", the oldest for {lag} s" : "")}";
        return [lag > 120 ? new(check, Verdict.Warning, text, "See docs/runbooks/outbox-lag.md") : new(check, Verdict.Ok, text)];
    }

    private static async Found DiskAsync(Patient patient, string check, CancellationToken stop)
    {
        var seen = await patient.OperatorAsync(stop);
        var (used, limit) = ((long?)seen["storageUsedBytes"], (long?)seen["storageLimitBytes"] ?? 0);
        if (used is not { } bytes) return [new(check, Verdict.Unknown, "the size of the history database was not read yet")];
        if (limit == 0) return [new(check, Verdict.Ok, $"the history database holds {Amounts.Bytes(bytes)}; no limit is set (Postgres:CapacityBytes), so nothing warns before its disk is full")];
        var share = (double)bytes / limit;
        var text = string.Create(CultureInfo.InvariantCulture, $"the history database holds {Amounts.Bytes(bytes)} of {Amounts.Bytes(limit)} ({share:P0})");
        return [share > 0.8 ? new(check, Verdict.Warning, text, "berth cleanup --older-than 90d; see docs/runbooks/storage-nearly-full.md") : new(check, Verdict.Ok, text)];
    }

    private static async Found LoopsAsync(Patient patient, string check, CancellationToken stop)
    {
        var loops = (string?)(await patient.OperatorAsync(stop))["loops"] ?? "";
        return [loops == "ok" ? new(check, Verdict.Ok, "none has thrown lately") : new(check, Verdict.Warning, loops, "Search the operator's log for 'threw'; see docs/runbooks/loop-faults.md")];
    }

    private static async Found ClocksAsync(Patient patient, string check, CancellationToken stop)
    {
        var asked = DateTimeOffset.UtcNow;
        using var answer = await patient.Session.Client.SendAsync(new() { Method = HttpMethod.Get, Path = "/version" }, stop);
        var found = new List<(string Whose, TimeSpan Off)>();
        if (answer.Headers.Date is { } server) found.Add(("the API server", server - asked));
        // What the operator said is as old as the answer; it was read by an earlier check of this run.
        var lease = await LeaderCommand.LeaseAsync(patient.Session, stop);
        if (lease.Spec?.RenewTime is { } renewed && renewed > DateTimeOffset.UtcNow + TimeSpan.FromSeconds(2)) found.Add(("the leader", renewed - DateTimeOffset.UtcNow));
        if (found.Count == 0) return [new(check, Verdict.Unknown, "the API server does not tell its time")];
        var worst = found.MaxBy(f => f.Off.Duration());
        var text = string.Create(CultureInfo.InvariantCulture, $"{worst.Whose} is {worst.Off.TotalSeconds:+0;-0;0} s from this machine");
        return [worst.Off.Duration() > Skew ? new(check, Verdict.Warning, text, "Set clocks by NTP: expiry of approvals and proofs of death compare clocks of several machines.") : new(check, Verdict.Ok, text)];
    }

    private static async Found CertificatesAsync(Patient patient, string check, CancellationToken stop)
    {
        var seen = await patient.OperatorAsync(stop);
        var found = new List<Finding>();
        foreach (var (field, what) in ((string, string)[])[("gatewayCertificateExpires", "the agents' gateway"), ("viewCertificateExpires", "the aggregated API")])
        {
            if (!DateTimeOffset.TryParse((string?)seen[field], CultureInfo.InvariantCulture, out var ends)) continue;
            var left = ends - DateTimeOffset.UtcNow;
            if (left < CertificateEnds) found.Add(new(check, left < TimeSpan.Zero ? Verdict.Bad : Verdict.Warning, $"that of {what} ends {Ages.Moment(ends)}", "It should have been renewed sixty days before; see docs/runbooks/certificate-expires.md"));
            else found.Add(new(check, Verdict.Ok, $"that of {what} ends in {(int)left.TotalDays} days"));
        }
        return found;
    }
}
