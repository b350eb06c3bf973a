using System.Globalization;
using Berth.Api;

namespace Berth.Agent;

/// <summary>What the agent container's environment tells the agent. Paths are options, so that a pod without mount namespaces can rewrite them.</summary>
internal sealed record AgentOptions
{
    public string Namespace { get; init; } = "";
    public string Pod { get; init; } = "";
    public string PodUid { get; init; } = "";
    public string Node { get; init; } = "";
    public string NodeBootId { get; init; } = "";
    public int Slots { get; init; } = 3;
    public string StateDirectory { get; init; } = "/berth/state";
    public string SocketsDirectory { get; init; } = "/berth/sockets";
    public string GatewayDirectory { get; init; } = "/berth/gateway";
    public string TokenFile { get; init; } = "/berth/token/token";
    public string GatewayName { get; init; } = Names.GatewayServerName;

    /// <summary>Output kept per attempt; what goes beyond is dropped with a marker.</summary>
    public long OutputLimitBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>Largest artifact.</summary>
    public long ArtifactLimitBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>Largest checkpoint.</summary>
    public long CheckpointLimitBytes { get; init; } = 512L * 1024 * 1024;

    /// <summary>How long the directory of a failed attempt stays, for people who want to look.</summary>
    public TimeSpan FailedDirectoryKept { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long a stranger's hello waits for the known runner to come back before it is believed.</summary>
    public TimeSpan Probation { get; init; } = TimeSpan.FromSeconds(3);

    public static AgentOptions FromEnvironment(Func<string, string?> read, List<string> problems)
    {
        var defaults = new AgentOptions();
        string Need(string name)
        {
            var value = read(name);
            if (string.IsNullOrEmpty(value)) problems.Add($"{name} is not set");
            return value ?? "";
        }
        long Number(string name, long fallback, long least)
        {
            if (read(name) is not { Length: > 0 } text) return fallback;
            if (long.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least) return value;
            problems.Add($"{name} must be a number of at least {least}");
            return fallback;
        }
        return defaults with
        {
            Namespace = Need("BERTH_NAMESPACE"),
            Pod = Need("BERTH_POD"),
            PodUid = Need("BERTH_POD_UID"),
            Node = read("BERTH_NODE") ?? "",
            NodeBootId = read("BERTH_NODE_BOOT_ID") is { Length: > 0 } boot ? boot : File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
            Slots = (int)Number("BERTH_SLOTS", defaults.Slots, 1),
            StateDirectory = read("BERTH_STATE_DIR") ?? defaults.StateDirectory,
            SocketsDirectory = read("BERTH_SOCKETS_DIR") ?? defaults.SocketsDirectory,
            GatewayDirectory = read("BERTH_GATEWAY_DIR") ?? defaults.GatewayDirectory,
            TokenFile = read("BERTH_TOKEN_FILE") ?? defaults.TokenFile,
            GatewayName = read("BERTH_GATEWAY_NAME") is { Length: > 0 } name ? name : defaults.GatewayName,
            OutputLimitBytes = Number("BERTH_OUTPUT_LIMIT_BYTES", defaults.OutputLimitBytes, 1024),
            CheckpointLimitBytes = Number("BERTH_CHECKPOINT_LIMIT_BYTES", defaults.CheckpointLimitBytes, 1024),
            ArtifactLimitBytes = Number("BERTH_ARTIFACT_LIMIT_BYTES", defaults.ArtifactLimitBytes, 1024),
        };
    }
}
