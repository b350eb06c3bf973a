namespace Berth.Kubernetes;

/// <summary>A token in a file that somebody else replaces: read again every minute, and at once after a 401.</summary>
internal sealed class TokenFileCredential(KubernetesConfig config, string file, TimeProvider time) : Credential
{
    private static readonly TimeSpan s_period = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private CredentialSnapshot? _snapshot;
    private long _readAt;

    public override ValueTask<CredentialSnapshot> GetAsync(CredentialSnapshot? refused, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var stale = _snapshot is null || ReferenceEquals(_snapshot, refused) || time.GetElapsedTime(_readAt) >= s_period;
            if (stale) Read();
            return new(_snapshot!);
        }
    }

    private void Read()
    {
        string token;
        try
        {
            token = File.ReadAllText(file).Trim();
        }
        catch (IOException) when (_snapshot is not null)
        {
            // Replaced at this very moment: the last token stays good until the next reading.
            return;
        }
        _readAt = time.GetTimestamp();
        if (_snapshot?.Authorization?.Parameter != token) _snapshot = new(Bearer(token), _snapshot?.Certificate ?? ReadCertificate(config));
    }
}
