namespace Berth.Kubernetes;

/// <summary>A credential plugin, as in kubeconfig <c>users[].user.exec</c>.</summary>
public sealed record ExecConfig
{
    /// <summary>API version that the program speaks.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The program.</summary>
    public required string Command { get; init; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Variables added to its environment.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether it is told about the cluster.</summary>
    public bool ProvideClusterInfo { get; init; }

    /// <summary><c>Never</c>, <c>IfAvailable</c> or <c>Always</c>; the latter is refused, there is no terminal.</summary>
    public string? InteractiveMode { get; init; }

    /// <summary>What to tell a person who lacks the program.</summary>
    public string? InstallHint { get; init; }
}
