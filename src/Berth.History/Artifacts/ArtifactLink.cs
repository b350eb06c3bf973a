namespace Berth.History;

/// <summary>Says what an artifact is to a task. Equal bytes are stored once, however many links they have.</summary>
public sealed record ArtifactLink
{
    /// <summary>Task uid.</summary>
    public string TaskUid { get; init; } = "";

    /// <summary>Attempt that made it.</summary>
    public string Attempt { get; init; } = "";

    /// <summary>What it is: one of <see cref="ArtifactKinds"/>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Path below the working directory, or empty.</summary>
    public string Path { get; init; } = "";

    /// <summary><c>sha256:…</c> of the bytes.</summary>
    public string Digest { get; init; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Kinds of artifacts.</summary>
public static class ArtifactKinds
{
    /// <summary>A file that apply consumes.</summary>
    public const string Plan = "Plan";

    /// <summary>The text of a plan that a person reads.</summary>
    public const string PlanText = "PlanText";

    /// <summary>The canonical manifest.</summary>
    public const string Manifest = "Manifest";

    /// <summary>Any other file.</summary>
    public const string File = "File";
}
