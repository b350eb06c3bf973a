using System.Security.Cryptography.X509Certificates;
using Berth.Kubernetes;
using Berth.Operator.Gateway;
using Berth.Operator.Options;

namespace Berth.Operator.View;

/// <summary>
/// The certificate of the aggregated API, shared by all replicas through one Secret. The API server checks the name of the Service that it goes
/// through, and the CA that we write into the registration.
/// </summary>
internal sealed class ViewCertificates(KubernetesClient client, OperatorOptions options, TimeProvider time, ILogger<ViewCertificates> log)
{
    /// <summary>Name of the Secret.</summary>
    public const string SecretName = "berth-view-tls";

    private const int Tries = 5;
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);
    private volatile X509Certificate2? _certificate;
    private volatile string _authority = "";

    /// <summary>The name that the certificate is for.</summary>
    public string ServerName { get; } = $"{options.View.Service}.{options.Operator.Namespace}.svc";

    /// <summary>Whether an aggregated API is served at all.</summary>
    public bool IsWanted { get; } = options.View.Address is { Length: > 0 };

    /// <summary>The certificate to serve.</summary>
    public X509Certificate2 Certificate => _certificate ?? throw new InvalidOperationException("the certificate of the aggregated API is not loaded yet");

    /// <summary>PEM of the CAs that clients are to trust.</summary>
    public string Authority => _authority;

    /// <summary>When it ends; null while there is none.</summary>
    public DateTimeOffset? Expires => _certificate?.NotAfter.ToUniversalTime();

    /// <summary>Loads the Secret; makes it if it is not there, renews it when it grows old or was made for another name.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var key = new ObjectKey(options.Operator.Namespace, SecretName);
        for (var attempt = 1; ; attempt++)
        {
            var secret = await client.TryGetAsync(Kubernetes.Resources.Secrets, key, cancellationToken);
            if (secret is not null && GatewayPair.Read(secret) is { } pair && pair.Expires > time.GetUtcNow() + RenewBefore && Use(pair)) return;
            var data = GatewayPair.Make(secret is null ? null : GatewayPair.Read(secret), time.GetUtcNow(), ServerName);
            try
            {
                if (secret is null) await client.CreateAsync(Kubernetes.Resources.Secrets, new Secret { Metadata = new() { Name = key.Name, Namespace = key.Namespace }, Type = "Opaque", Data = data }, key.Namespace, cancellationToken: cancellationToken);
                else await client.ReplaceAsync(Kubernetes.Resources.Secrets, secret with { Data = data }, cancellationToken: cancellationToken);
            }
            catch (KubernetesException e) when ((e.IsConflict || e.IsAlreadyExists) && attempt < Tries)
            {
                log.LogInformation("Another replica made the aggregated API's certificate at the same moment; using that one");
            }
        }
    }

    /// <summary>Reads again until cancelled. What is served stays in use while the Secret cannot be read.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!IsWanted) return;
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await LoadAsync(cancellationToken);
            }
            catch (KubernetesException e)
            {
                log.LogError("The aggregated API's certificate cannot be read again; the one that ends {Expires:u} stays in use: {Message}", Expires, e.Message);
            }
        }
    }

    private bool Use(GatewayPair pair)
    {
        var loaded = pair.Load();
        // A Secret of another installation, or of a Service that was renamed: nobody could check this certificate.
        if (!loaded.MatchesHostname(ServerName))
        {
            loaded.Dispose();
            return false;
        }
        (_certificate, _authority) = (loaded, string.Join('\n', pair.Authorities) + "\n");
        return true;
    }
}
