namespace Berth.Kubernetes;

/// <summary>A container of a pod.</summary>
public sealed record Container : Extensible
{
    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Image.</summary>
    public string? Image { get; init; }

    /// <summary>Entry point.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Arguments.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Working directory.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>Environment.</summary>
    public IReadOnlyList<EnvVar>? Env { get; init; }

    /// <summary>Mounts.</summary>
    public IReadOnlyList<VolumeMount>? VolumeMounts { get; init; }

    /// <summary><c>Always</c> makes an init container a sidecar.</summary>
    public string? RestartPolicy { get; init; }
}

/// <summary>An environment variable; <c>valueFrom</c> is in <see cref="Extensible.Extra"/>.</summary>
public sealed record EnvVar : Extensible
{
    /// <summary>Name.</summary>
    public string? Name { get; init; }

    /// <summary>Literal value.</summary>
    public string? Value { get; init; }
}

/// <summary>Where a volume appears in a container.</summary>
public sealed record VolumeMount : Extensible
{
    /// <summary>Name of the volume.</summary>
    public string? Name { get; init; }

    /// <summary>Path in the container.</summary>
    public string? MountPath { get; init; }

    /// <summary>Path in the volume.</summary>
    public string? SubPath { get; init; }

    /// <summary>Whether it is read-only.</summary>
    public bool? ReadOnly { get; init; }
}

/// <summary>A volume; its source is in <see cref="Extensible.Extra"/>.</summary>
public sealed record Volume : Extensible
{
    /// <summary>Name.</summary>
    public string? Name { get; init; }
}
