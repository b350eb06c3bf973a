using System.Diagnostics;
using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>Credentials from a program. One run at a time; its answer is kept until it expires or is refused.</summary>
internal sealed class ExecCredentialSource(KubernetesConfig config, ExecConfig exec, TimeProvider time) : Credential
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private Task<CredentialSnapshot>? _flight;
    private CredentialSnapshot? _snapshot;
    private DateTimeOffset? _expires;

    public override async ValueTask<CredentialSnapshot> GetAsync(CredentialSnapshot? refused, CancellationToken cancellationToken)
    {
        Task<CredentialSnapshot> flight;
        lock (_lock)
        {
            var usable = _snapshot is not null && !ReferenceEquals(_snapshot, refused) && !(_expires <= time.GetUtcNow());
            if (usable) return _snapshot!;
            // The run belongs to everybody who waits: one caller's cancellation does not end it.
            flight = _flight ??= RunAsync();
        }
        return await flight.WaitAsync(cancellationToken);
    }

    private async Task<CredentialSnapshot> RunAsync()
    {
        await Task.Yield();
        try
        {
            var status = await AskAsync();
            var snapshot = new CredentialSnapshot(
                status.Token is { Length: > 0 } token ? Bearer(token) : null,
                status is { ClientCertificateData: { } certificate, ClientKeyData: { } key } ? Pair(certificate, key) : ReadCertificate(config));
            lock (_lock) (_snapshot, _expires) = (snapshot, status.ExpirationTimestamp);
            return snapshot;
        }
        finally
        {
            lock (_lock) _flight = null;
        }
    }

    private async Task<ExecCredentialStatus> AskAsync()
    {
        if (exec.InteractiveMode == "Always")
            throw new KubernetesConfigException($"The credential plugin {exec.Command} wants a terminal (interactiveMode: Always), and there is none.");
        using var limit = new CancellationTokenSource(s_limit, time);
        using var process = Start();
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            var text = await output;
            if (process.ExitCode == 0) return Parse(text);
            throw new KubernetesConfigException($"The credential plugin {exec.Command} ended with code {process.ExitCode}: {(await errors).Trim()}");
        }
        catch (OperationCanceledException error)
        {
            process.Kill(entireProcessTree: true);
            throw new KubernetesConfigException($"The credential plugin {exec.Command} did not answer within {s_limit.TotalSeconds:0} s.", error);
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(exec.Command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in exec.Args) start.ArgumentList.Add(argument);
        foreach (var (name, value) in exec.Env) start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = JsonSerializer.Serialize(Question(), KubernetesJson.Default.ExecCredential);
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or FileNotFoundException)
        {
            throw new KubernetesConfigException($"The credential plugin {exec.Command} cannot be started: {error.Message}. {exec.InstallHint}", error);
        }
    }

    private ExecCredential Question() => new()
    {
        ApiVersion = exec.ApiVersion,
        Kind = "ExecCredential",
        Spec = new()
        {
            Interactive = false,
            Cluster = !exec.ProvideClusterInfo ? null : new()
            {
                Server = config.Server.ToString(),
                TlsServerName = config.TlsServerName,
                InsecureSkipTlsVerify = config.InsecureSkipTlsVerify ? true : null,
                CertificateAuthorityData = config.CertificateAuthorityData ?? (config.CertificateAuthorityFile is { } file ? File.ReadAllBytes(file) : null),
                ProxyUrl = config.ProxyUrl?.ToString(),
            },
        },
    };

    private ExecCredentialStatus Parse(string text)
    {
        ExecCredential? answer;
        try
        {
            answer = JsonSerializer.Deserialize(text, KubernetesJson.Default.ExecCredential);
        }
        catch (JsonException error)
        {
            throw new KubernetesConfigException($"The credential plugin {exec.Command} did not print an ExecCredential: {error.Message}", error);
        }
        if (answer?.ApiVersion != exec.ApiVersion)
            throw new KubernetesConfigException($"The credential plugin {exec.Command} answered in {answer?.ApiVersion}, the kubeconfig asks for {exec.ApiVersion}.");
        if (answer.Status is not { } status || (string.IsNullOrEmpty(status.Token) && status.ClientCertificateData is null))
            throw new KubernetesConfigException($"The credential plugin {exec.Command} returned neither a token nor a client certificate.");
        return status;
    }
}
