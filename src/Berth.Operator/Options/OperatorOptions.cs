using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Core.Pools;
using Berth.Operator.Telemetry.Notifications;

namespace Berth.Operator.Options;

/// <summary>Everything that can be configured. Keys are those of the records; sections by <c>:</c> on the command line, <c>__</c> in the environment.</summary>
internal sealed record OperatorOptions
{
    /// <summary>Path of a kubeconfig; empty for KUBECONFIG or the pod's own service account.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Name of this replica; the pod's name in a cluster. A unique id is added.</summary>
    public string Identity { get; init; } = Environment.MachineName;

    /// <summary>Where the operator itself lives.</summary>
    public OperatorSection Operator { get; init; } = new();

    /// <summary>Health and metrics.</summary>
    public HttpSection Http { get; init; } = new();

    /// <summary>Where agents connect.</summary>
    public GatewaySection Gateway { get; init; } = new();

    /// <summary>The aggregated API.</summary>
    public ViewSection View { get; init; } = new();

    /// <summary>History.</summary>
    public PostgresSection Postgres { get; init; } = new();

    /// <summary>How long history is kept.</summary>
    public RetentionSection Retention { get; init; } = new();

    /// <summary>Images.</summary>
    public ImagesSection Images { get; init; } = new();

    /// <summary>Leader election.</summary>
    public LeaseSection Lease { get; init; } = new();

    /// <summary>Webhooks.</summary>
    public NotificationsSection Notifications { get; init; } = new();

    /// <summary>Every violation, in words; empty when all is well.</summary>
    public IReadOnlyList<string> Violations()
    {
        var found = new List<string>();
        if (Identity.Length is 0 or > 200) found.Add("Identity must have 1 to 200 characters");
        if (Operator.Namespace.Length is 0 or > 63) found.Add("Operator:Namespace must be the name of a namespace");
        if (Operator.Workers is < 1 or > 256) found.Add("Operator:Workers must be between 1 and 256");
        if (!IPEndPoint.TryParse(Http.Address, out _)) found.Add($"Http:Address '{Http.Address}' is not ip:port");
        if (!IPEndPoint.TryParse(Gateway.Address, out _)) found.Add($"Gateway:Address '{Gateway.Address}' is not ip:port");
        if (View.Address is { Length: > 0 } && !IPEndPoint.TryParse(View.Address, out _)) found.Add($"View:Address '{View.Address}' is not ip:port");
        if (View.Service.Length is 0 or > 63) found.Add("View:Service must be the name of a Service");
        if (string.IsNullOrWhiteSpace(Postgres.ConnectionString)) found.Add("Postgres:ConnectionString is missing; history needs a PostgreSQL database");
        if (Gateway.CertificateSecret.Length is 0 or > 253) found.Add("Gateway:CertificateSecret must be the name of a Secret");
        if (Postgres.CapacityBytes < 0) found.Add("Postgres:CapacityBytes must not be negative");
        if (Postgres is { EncryptionKeysDirectory.Length: > 0, EncryptionKeysSecret.Length: > 0 }) found.Add("Postgres:EncryptionKeysDirectory and Postgres:EncryptionKeysSecret exclude each other; set one");
        if (Postgres.EncryptionKeysDirectory is { Length: > 0 } keys && !Directory.Exists(keys)) found.Add($"Postgres:EncryptionKeysDirectory '{keys}' does not exist; mount the Secret with the keys there");
        found.AddRange(Retention.Violations());
        found.AddRange(Images.Violations());
        if (Lease.Duration <= Lease.RenewDeadline || Lease.RenewDeadline <= Lease.RetryPeriod * 1.2) found.Add("Lease: Duration > RenewDeadline > 1.2 × RetryPeriod must hold");
        found.AddRange(Notifications.Violations());
        return found;
    }
}

/// <summary>Where the operator lives and how much it does at once.</summary>
internal sealed record OperatorSection
{
    /// <summary>Namespace of the Lease, the gateway's certificate and spilled history.</summary>
    public string Namespace { get; init; } = "berth-system";

    /// <summary>The only namespaces that are watched; none for all.</summary>
    public IReadOnlyList<string> WatchNamespaces { get; init; } = [];

    /// <summary>Tasks that are reconciled at once.</summary>
    public int Workers { get; init; } = 16;
}

/// <summary>Health and metrics.</summary>
internal sealed record HttpSection
{
    /// <summary>ip:port; port 0 takes a free one.</summary>
    public string Address { get; init; } = "0.0.0.0:8080";

    /// <summary>Serve the views here too, without asking who it is: for a developer's own machine only.</summary>
    public bool Views { get; init; }
}

/// <summary>The aggregated API.</summary>
internal sealed record ViewSection
{
    /// <summary>ip:port to listen on; empty to serve none.</summary>
    public string? Address { get; init; } = "0.0.0.0:9443";

    /// <summary>host:port under which other replicas reach this one; the listening address if empty.</summary>
    public string? Advertise { get; init; }

    /// <summary>Name of the Service, in the operator's namespace, that the APIService names.</summary>
    public string Service { get; init; } = "berth-view";
}

/// <summary>Where agents connect.</summary>
internal sealed record GatewaySection
{
    /// <summary>ip:port to listen on.</summary>
    public string Address { get; init; } = "0.0.0.0:8443";

    /// <summary>host:port under which this replica is reached; the listening address if empty.</summary>
    public string? Advertise { get; init; }

    /// <summary>Comma-separated host:port list that agents try first: in a cluster the Service. This replica's own if empty.</summary>
    public string? Addresses { get; init; }

    /// <summary>Most connections at once.</summary>
    public int MaxConnections { get; init; } = 5000;

    /// <summary>Secret in the operator's namespace with <c>tls.crt</c>, <c>tls.key</c> and the <c>ca.crt</c> that agents pin.</summary>
    public string CertificateSecret { get; init; } = "berth-gateway-tls";

    /// <summary>Whether the operator makes and renews that Secret; otherwise somebody else does, such as cert-manager.</summary>
    public bool MakeCertificate { get; init; } = true;
}

/// <summary>History.</summary>
internal sealed record PostgresSection
{
    /// <summary>Npgsql connection string, or a postgresql:// URI.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Bytes that the database may grow to; an alert warns at 80 %. 0 if not known.</summary>
    public long CapacityBytes { get; init; }

    /// <summary>Secret in the operator's namespace with the keys that stored plans, checkpoints and logs are encrypted with; made if it is not there. Empty: not encrypted.</summary>
    public string? EncryptionKeysSecret { get; init; }

    /// <summary>A mounted directory with such keys, instead of the Secret.</summary>
    public string? EncryptionKeysDirectory { get; init; }
}

/// <summary>Images.</summary>
internal sealed record ImagesSection
{
    /// <summary>Image of agent and runner.</summary>
    public string Agent { get; init; } = "";

    /// <summary>Its pull policy; the cluster's default if empty.</summary>
    public string? PullPolicy { get; init; }

    /// <summary>Resources of its containers, as JSON like a container's own; a small request and no limits if empty.</summary>
    public string? AgentResources { get; init; }

    /// <summary>All of it, as pods are made with it.</summary>
    public AgentImage ForPods() => new(Agent, PullPolicy is { Length: > 0 } policy ? policy : null, AgentResources is { Length: > 0 } text ? JsonNode.Parse(text) as JsonObject : null);

    /// <summary>What is wrong with it, in words.</summary>
    public IEnumerable<string> Violations()
    {
        if (string.IsNullOrWhiteSpace(Agent)) yield return "Images:Agent is missing; it names the image of agent and runner";
        if (AgentResources is { Length: > 0 } text && !IsObject(text)) yield return $"Images:AgentResources '{text}' is no JSON object such as {{\"limits\": {{\"memory\": \"256Mi\"}}}}";
    }

    private static bool IsObject(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>Leader election.</summary>
internal sealed record LeaseSection
{
    /// <summary>Name of the Lease.</summary>
    public string Name { get; init; } = "berth-operator";

    /// <summary>How long a leader that says nothing keeps the lease.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a leader tries to renew before it gives up.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause between tries.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}
