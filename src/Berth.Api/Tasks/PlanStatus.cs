using System.Text.Json.Serialization;
using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Inputs as they were when the plan was ordered; later phases use these and never read them again.</summary>
public sealed record InputsStatus
{
    /// <summary>Digest of the immutable part of the spec.</summary>
    [Bounds(MaxLength = 71)]
    public string SpecHash { get; init => field = value ?? ""; } = "";

    /// <summary>Digest over the source files (path and content), or empty without a source.</summary>
    [Bounds(MaxLength = 71)]
    public string? SourceDigest { get; init; }

    /// <summary>Digest of each source file.</summary>
    [ListMap("path"), Bounds(MaxItems = 256)]
    public IReadOnlyList<FileDigest>? Files { get; init; }

    /// <summary>Values that came from ConfigMaps, by step and variable, as they were.</summary>
    [Bounds(MaxItems = 256)]
    public IReadOnlyList<ResolvedVariable>? Variables { get; init; }

    /// <summary>Hash of the pool's pod template.</summary>
    [Bounds(MaxLength = 71)]
    public string? TemplateHash { get; init; }

    /// <summary>Image of the slot container as the pod's status names it (its digest where the node tells one).</summary>
    [Bounds(MaxLength = 512)]
    public string? ImageId { get; init; }

    /// <summary>Service account of the pod.</summary>
    [Bounds(MaxLength = 253)]
    public string? ServiceAccount { get; init; }
}

/// <summary>A file and its digest.</summary>
public sealed record FileDigest
{
    /// <summary>Path below the working directory.</summary>
    [RequiredField, Bounds(MaxLength = 255)]
    public string Path { get; init => field = value ?? ""; } = "";

    /// <summary><c>sha256:…</c>.</summary>
    [RequiredField, Bounds(MaxLength = 71)]
    public string Digest { get; init => field = value ?? ""; } = "";

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }
}

/// <summary>A variable whose value came from a ConfigMap.</summary>
public sealed record ResolvedVariable
{
    /// <summary>plan, apply or run.</summary>
    [Bounds(MaxLength = 16)]
    public string Step { get; init => field = value ?? ""; } = "";

    /// <summary>Name of the variable.</summary>
    [Bounds(MaxLength = 320)]
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Its value.</summary>
    [Bounds(MaxLength = 8192)]
    public string Value { get; init => field = value ?? ""; } = "";
}

/// <summary>The plan of this run.</summary>
public sealed record PlanStatus
{
    /// <summary>Digest of the manifest: everything that apply will run with. This is what a person approves.</summary>
    [Bounds(MaxLength = 71)]
    public string Digest { get; init => field = value ?? ""; } = "";

    /// <summary>The attempt that made it.</summary>
    [Bounds(MaxLength = 80)]
    public string Attempt { get; init => field = value ?? ""; } = "";

    /// <summary>Counts as people read them: <c>+3 ~1 -0</c>, <c>no changes</c>, or <c>planned</c> when nothing counts them.</summary>
    [Bounds(MaxLength = 64)]
    public string Summary { get; init => field = value ?? ""; } = "";

    /// <summary>Counts, where the describer knows them.</summary>
    public PlanCounts? Counts { get; init; }

    /// <summary>Digest of the plan text that was shown.</summary>
    [Bounds(MaxLength = 71)]
    public string? TextDigest { get; init; }

    /// <summary>Digest of what the plan means, equal for plans that say the same; empty when plans can never be called equal.</summary>
    [Bounds(MaxLength = 71)]
    public string? SemanticDigest { get; init; }

    /// <summary>Files that apply consumes.</summary>
    [ListMap("path"), Bounds(MaxItems = 16)]
    public IReadOnlyList<FileDigest>? Artifacts { get; init; }

    /// <summary>Versions of tools as the describer reported them.</summary>
    [Bounds(MaxProperties = 16, MaxLength = 128)]
    public IReadOnlyDictionary<string, string>? ToolVersions { get; init; }

    /// <summary>When the plan was made.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Whether artifacts and text are in the database, so that the plan survives its pod.</summary>
    public bool Stored { get; init; }
}

/// <summary>How many things a plan adds, changes and destroys.</summary>
public sealed record PlanCounts
{
    /// <summary>To add.</summary>
    public int Add { get; init; }

    /// <summary>To change in place.</summary>
    public int Change { get; init; }

    /// <summary>To destroy.</summary>
    public int Destroy { get; init; }
}

/// <summary>Why a grant covers the plan that will run.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GrantBasis>))]
public enum GrantBasis
{
    /// <summary>A person approved this very manifest.</summary>
    Exact,

    /// <summary>A person approved a manifest that says the same.</summary>
    Semantic,

    /// <summary>The task asks for no approval and its pool allows that.</summary>
    Auto,
}

/// <summary>An approval accepted for one manifest and one run; spent when Applying is written.</summary>
public sealed record GrantStatus
{
    /// <summary>Name of the Approval; empty for Auto.</summary>
    [Bounds(MaxLength = 253)]
    public string? Approval { get; init; }

    /// <summary>Uid of the Approval.</summary>
    [Bounds(MaxLength = 64)]
    public string? ApprovalUid { get; init; }

    /// <summary>Who approved.</summary>
    [Bounds(MaxLength = 253)]
    public string? Approver { get; init; }

    /// <summary>The manifest digest the person saw.</summary>
    [Bounds(MaxLength = 71)]
    public string ApprovedDigest { get; init => field = value ?? ""; } = "";

    /// <summary>The manifest digest that may run.</summary>
    [Bounds(MaxLength = 71)]
    public string RunDigest { get; init => field = value ?? ""; } = "";

    /// <summary>What the approved plan means; a replan with the same meaning needs no new approval.</summary>
    [Bounds(MaxLength = 71)]
    public string? SemanticDigest { get; init; }

    /// <summary>Exact, Semantic or Auto.</summary>
    public GrantBasis Basis { get; init; }

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>After this it may no longer be used.</summary>
    public DateTimeOffset? ValidUntil { get; init; }

    /// <summary>The apply attempt that spent it.</summary>
    [Bounds(MaxLength = 80)]
    public string? SpentBy { get; init; }
}
