using System.Security.Cryptography;
using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Options;

namespace Berth.Operator.History;

/// <summary>
/// The keys of artifacts, checkpoints and logs at rest: a Secret of the operator's namespace that the first replica makes, or a mounted
/// directory. Read again every few minutes, so that a key that is added to the Secret is used without a restart.
/// </summary>
internal sealed class HistoryKeys(KubernetesClient client, OperatorOptions options, TimeProvider time, ILogger<HistoryKeys> log)
{
    private const string FirstKey = "key-1";
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private EncryptionKeyRing? _ring;

    /// <summary>The ring; null where nothing is encrypted.</summary>
    /// <exception cref="InvalidOperationException">Asked before <see cref="LoadAsync"/>: what is stored then would be readable.</exception>
    public EncryptionKeyRing? Ring => _ring ?? (IsWanted ? throw new InvalidOperationException("the encryption keys are not loaded yet") : null);

    private bool IsWanted => options.Postgres is { EncryptionKeysDirectory.Length: > 0 } or { EncryptionKeysSecret.Length: > 0 };

    /// <summary>Reads the keys, and makes the Secret if there is none.</summary>
    /// <exception cref="ArgumentException">The keys are not usable; the message says why.</exception>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(cancellationToken) is not { } now) return;
        if (_ring is null) _ring = now;
        else if (_ring.Take(now)) log.LogInformation("Encryption keys of the history: {Keys}; new data is sealed with {Current}", string.Join(", ", now.Ids.Order(StringComparer.Ordinal)), now.Current);
    }

    /// <summary>Reads again until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (_ring is not null && await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await LoadAsync(cancellationToken);
            }
            catch (Exception e) when (e is ArgumentException or KubernetesException or IOException)
            {
                log.LogError("The encryption keys of the history cannot be read again; the known ones stay in use: {Message}", e.Message);
            }
        }
    }

    private async Task<EncryptionKeyRing?> ReadAsync(CancellationToken cancellationToken)
    {
        if (options.Postgres.EncryptionKeysDirectory is { Length: > 0 } directory) return EncryptionKeyRing.FromDirectory(directory);
        if (options.Postgres.EncryptionKeysSecret is not { Length: > 0 } name) return null;
        var key = new ObjectKey(options.Operator.Namespace, name);
        while (true)
        {
            if (await client.TryGetAsync(Resources.Secrets, key, cancellationToken) is { } secret) return EncryptionKeyRing.FromSecret(name, secret.Data ?? new Dictionary<string, byte[]>());
            var made = new Secret { Metadata = new() { Name = name, Namespace = key.Namespace }, Type = "Opaque", Data = new Dictionary<string, byte[]> { [FirstKey] = RandomNumberGenerator.GetBytes(32) } };
            try
            {
                await client.CreateAsync(Resources.Secrets, made, key.Namespace, cancellationToken: cancellationToken);
                log.LogWarning("Secret {Namespace}/{Secret} with the history's encryption key was made. Keep a copy of it outside the cluster: without it stored plans and logs, backups included, cannot be read", key.Namespace, name);
            }
            catch (KubernetesException e) when (e.IsAlreadyExists)
            {
                log.LogInformation("Another replica made the encryption key at the same moment; using that one");
            }
        }
    }
}
