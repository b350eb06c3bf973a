using System.Security.Cryptography.X509Certificates;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Options;

namespace Berth.Operator.Gateway;

/// <summary>
/// The gateway's certificate, shared by all replicas through one Secret that the operator makes and renews, or that somebody else does
/// (cert-manager). It is read again all the time: a changed certificate is served without a restart. Agents pin the CA and check a fixed
/// name; where the CA changes, they are told of the new one first, and the old certificate is served until they had time to hear of it.
/// </summary>
internal sealed class GatewayCertificates(KubernetesClient client, OperatorOptions options, TimeProvider time, ILogger<GatewayCertificates> log)
{
    /// <summary>How long a certificate of a new CA waits: kubelets bring a changed ConfigMap to pods within two minutes.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);
    private readonly Dictionary<string, DateTimeOffset> _toldSince = new(StringComparer.Ordinal);
    private string _served = "";
    private volatile X509Certificate2? _certificate;
    private volatile string _authority = "";

    /// <summary>The certificate to serve.</summary>
    public X509Certificate2 Certificate => _certificate ?? throw new InvalidOperationException("the gateway's certificate is not loaded yet");

    /// <summary>PEM of all CAs that agents pin.</summary>
    public string Authority => _authority;

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset Expires => Certificate.NotAfter.ToUniversalTime();

    /// <summary>Loads the Secret; makes it if it is not there, renews it when it grows old.</summary>
    /// <exception cref="GatewayCertificateException">The Secret is somebody else's, and missing or not usable.</exception>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        var key = new ObjectKey(options.Operator.Namespace, options.Gateway.CertificateSecret);
        for (var attempt = 0; ; attempt++)
        {
            var secret = await client.TryGetAsync(Kubernetes.Resources.Secrets, key, cancellationToken);
            var pair = secret is null ? null : GatewayPair.Read(secret);
            if (pair is not null && (!options.Gateway.MakeCertificate || pair.Expires >= time.GetUtcNow() + RenewBefore || pair.AuthorityKey is null))
            {
                Use(pair);
                return;
            }
            if (!options.Gateway.MakeCertificate) throw new GatewayCertificateException($"Secret {key} {(secret is null ? "does not exist" : "lacks ca.crt, tls.crt or tls.key")}; Gateway:MakeCertificate is off, so whoever issues certificates must make it for the name {Names.GatewayServerName}");
            try
            {
                await StoreAsync(key, secret, pair, cancellationToken);
            }
            catch (KubernetesException e) when ((e.IsConflict || e.IsAlreadyExists) && attempt < 5)
            {
                log.LogInformation("Another replica made the gateway's certificate at the same moment; using that one");
            }
        }
    }

    /// <summary>Reads again until cancelled. What is served stays in use while the Secret cannot be read.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await LoadAsync(cancellationToken);
            }
            catch (Exception e) when (e is KubernetesException or GatewayCertificateException)
            {
                log.LogError("The gateway's certificate cannot be read again; the one that ends {Expires:u} stays in use: {Message}", Expires, e.Message);
            }
        }
    }

    private void Use(GatewayPair pair)
    {
        var now = time.GetUtcNow();
        // The first certificate is served at once: there is no other, and nobody has been told of another CA by this replica.
        var first = _certificate is null;
        foreach (var authority in pair.Authorities) _toldSince.TryAdd(authority, first ? DateTimeOffset.MinValue : now);
        foreach (var gone in _toldSince.Keys.Where(pem => GatewayPair.Ended(pem, now)).ToList()) _toldSince.Remove(gone);
        _authority = string.Join('\n', _toldSince.OrderBy(a => a.Value).ThenBy(a => a.Key, StringComparer.Ordinal).Select(a => a.Key)) + "\n";
        if (pair.Certificate == _served) return;
        if (!first && now - _toldSince.GetValueOrDefault(pair.Issuer, now) < Overlap && Expires > now + Overlap) return;
        _certificate = pair.Load();
        _served = pair.Certificate;
        if (!first) log.LogInformation("The gateway serves a new certificate; it ends {Expires:u}", Expires);
    }

    private async Task StoreAsync(ObjectKey key, Secret? existing, GatewayPair? pair, CancellationToken cancellationToken)
    {
        var data = GatewayPair.Make(pair, time.GetUtcNow());
        if (existing is null)
        {
            await client.CreateAsync(Kubernetes.Resources.Secrets, new Secret { Metadata = new() { Name = key.Name, Namespace = key.Namespace }, Type = "Opaque", Data = data }, key.Namespace, cancellationToken: cancellationToken);
            return;
        }
        await client.ReplaceAsync(Kubernetes.Resources.Secrets, existing with { Data = data }, cancellationToken: cancellationToken);
        log.LogInformation("The gateway's certificate was renewed");
    }
}

/// <summary>The gateway's certificate cannot be had; the message says what to do.</summary>
internal sealed class GatewayCertificateException(string message) : Exception(message);
