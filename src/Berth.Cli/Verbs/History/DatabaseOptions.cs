using System.CommandLine;
using Berth.Cli.Access;
using Berth.Cli.Dev.Stack;
using Berth.History;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.History;

/// <summary>How the few verbs that open the database find it and its keys.</summary>
internal sealed class DatabaseOptions
{
    private const string KeysSecret = "berth-history-keys";
    private readonly Option<string?> postgres = new("--postgres") { Description = "Connection string or postgres:// URI; else BERTH_POSTGRES, else the file env beside the kubeconfig.", HelpName = "URI" };
    private readonly Option<string?> keys = new("--keys-directory") { Description = $"Directory with the encryption keys; else the Secret {KeysSecret} where the operator is, if you may read it.", HelpName = "DIR" };

    public void AddTo(Command command)
    {
        command.Options.Add(postgres);
        command.Options.Add(keys);
    }

    /// <exception cref="CliException">No database is known, or the keys are not usable.</exception>
    public async Task<HistoryStore> OpenAsync(ParseResult result, ClusterSession session, CancellationToken cancellationToken)
    {
        var text = result.GetValue(postgres) ?? Environment.GetEnvironmentVariable("BERTH_POSTGRES") ?? Beside(Environment.GetEnvironmentVariable("KUBECONFIG"));
        if (string.IsNullOrEmpty(text)) throw new CliException(ExitCodes.Usage, "Where is the database? Give --postgres or BERTH_POSTGRES; the operator's Secret has the connection string.");
        try
        {
            // A person waits longer than the operator's work may.
            return new HistoryStore(text, new HistoryOptions { Keys = await KeysAsync(result.GetValue(keys), session, cancellationToken), ConnectTimeout = TimeSpan.FromSeconds(10), CommandTimeout = TimeSpan.FromMinutes(5) });
        }
        catch (ArgumentException error)
        {
            // Without what .NET adds about the parameter.
            throw new CliException(ExitCodes.Usage, error.Message.Split(" (Parameter '")[0]);
        }
    }

    private static async Task<EncryptionKeyRing?> KeysAsync(string? directory, ClusterSession session, CancellationToken cancellationToken)
    {
        if (directory is not null) return EncryptionKeyRing.FromDirectory(directory);
        try
        {
            var secret = await session.Client.TryGetAsync(Resources.Secrets, new ObjectKey(session.OperatorNamespace, KeysSecret), cancellationToken);
            return secret?.Data is { Count: > 0 } data ? EncryptionKeyRing.FromSecret(KeysSecret, data) : null;
        }
        catch (KubernetesException)
        {
            // Without keys everything works but reading sealed bytes, and that says what is missing.
            return null;
        }
    }

    private static string? Beside(string? kubeconfig)
    {
        if (string.IsNullOrEmpty(kubeconfig)) return null;
        var file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(kubeconfig.Split(Path.PathSeparator)[0]))!, "env");
        return File.Exists(file) && EnvironmentFile.Read(file).TryGetValue("POSTGRES", out var address) ? address : null;
    }

    /// <summary>Writes down what a person did to the database.</summary>
    public static async Task NoteAsync(HistoryStore store, ClusterSession session, string verb, string outcome, string detail, CancellationToken cancellationToken) =>
        await store.WriteAuditAsync([new AuditRecord { At = DateTimeOffset.UtcNow, Actor = await ActorAsync(session, cancellationToken), Verb = verb, Kind = "History", Outcome = outcome, DetailJson = new System.Text.Json.Nodes.JsonObject { ["what"] = detail }.ToJsonString() }], cancellationToken);

    /// <summary>The name by which the cluster knows the person, or else the machine.</summary>
    public static async Task<string> ActorAsync(ClusterSession session, CancellationToken cancellationToken)
    {
        try
        {
            return await session.UserNameAsync(cancellationToken);
        }
        catch (KubernetesException)
        {
            return $"{Environment.UserName} on {Environment.MachineName}";
        }
    }
}
