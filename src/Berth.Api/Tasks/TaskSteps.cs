using System.Text.Json.Serialization;
using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>How the operator learns what a plan would change.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlanDescriber>))]
public enum PlanDescriber
{
    /// <summary>The plan command's own output is the plan text; nothing is counted.</summary>
    Text,

    /// <summary>The first artifact is a Terraform plan file; <c>terraform show</c> tells text and counts.</summary>
    Terraform,

    /// <summary>describeCommand prints one JSON object <c>{"add":1,"change":0,"destroy":0,"text":"…"}</c>.</summary>
    Command,
}

/// <summary>A step that makes a slot's working directory ready.</summary>
public sealed record PrepareStep
{
    /// <summary>Program and arguments; not a shell line.</summary>
    [RequiredField, Bounds(MinItems = 1, MaxItems = 64, MaxLength = 32_768)]
    public IReadOnlyList<string> Command { get; init => field = value ?? []; } = [];

    /// <summary>How long it may take.</summary>
    [Default("\"10m\""), Duration]
    public string? Timeout { get; init; }
}

/// <summary>The plan step.</summary>
[Rule("self.describe != 'Command' || has(self.describeCommand)", "describe: Command needs describeCommand")]
[Rule("self.describe != 'Terraform' || (has(self.artifacts) && size(self.artifacts) > 0)", "describe: Terraform needs the plan file as the first of artifacts")]
public sealed record PlanStep
{
    /// <summary>Program and arguments; not a shell line.</summary>
    [RequiredField, Bounds(MinItems = 1, MaxItems = 64, MaxLength = 32_768)]
    public IReadOnlyList<string> Command { get; init => field = value ?? []; } = [];

    /// <summary>Environment.</summary>
    [ListMap("name"), Bounds(MaxItems = 64)]
    public IReadOnlyList<EnvVar>? Env { get; init; }

    /// <summary>Whole ConfigMaps and Secrets as environment.</summary>
    [Bounds(MaxItems = 16)]
    public IReadOnlyList<EnvFromSource>? EnvFrom { get; init; }

    /// <summary>How long it may take.</summary>
    [Default("\"1h\""), Duration]
    public string? Timeout { get; init; }

    /// <summary>Files below the working directory that apply consumes. Their digests are part of what is approved.</summary>
    [ListSet, Bounds(MaxItems = 16, MinLength = 1, MaxLength = 255)]
    public IReadOnlyList<string>? Artifacts { get; init; }

    /// <summary>Text, Terraform or Command.</summary>
    [Default("\"Text\"")]
    public PlanDescriber Describe { get; init; }

    /// <summary>The command of <c>describe: Command</c>; it runs after plan in the same directory.</summary>
    [Bounds(MinItems = 1, MaxItems = 64, MaxLength = 32_768)]
    public IReadOnlyList<string>? DescribeCommand { get; init; }

    /// <summary>Exit codes with a meaning.</summary>
    public PlanExitCodes? ExitCodes { get; init; }
}

/// <summary>Exit codes of plan that are not failures. Without them 0 means "planned".</summary>
public sealed record PlanExitCodes
{
    /// <summary>Codes that mean "nothing would change": the task succeeds without apply.</summary>
    [ListSet, Bounds(MaxItems = 8)]
    public IReadOnlyList<int>? NoChanges { get; init; }

    /// <summary>Codes that mean "planned, with changes" (Terraform's -detailed-exitcode says 2).</summary>
    [ListSet, Bounds(MaxItems = 8)]
    public IReadOnlyList<int>? Changes { get; init; }
}

/// <summary>The apply step.</summary>
public sealed record ApplyStep
{
    /// <summary>Program and arguments; not a shell line.</summary>
    [RequiredField, Bounds(MinItems = 1, MaxItems = 64, MaxLength = 32_768)]
    public IReadOnlyList<string> Command { get; init => field = value ?? []; } = [];

    /// <summary>Environment. Secrets are read only after the approval.</summary>
    [ListMap("name"), Bounds(MaxItems = 64)]
    public IReadOnlyList<EnvVar>? Env { get; init; }

    /// <summary>Whole ConfigMaps and Secrets as environment.</summary>
    [Bounds(MaxItems = 16)]
    public IReadOnlyList<EnvFromSource>? EnvFrom { get; init; }

    /// <summary>How long it may take. No default: an apply is never stopped by a timer unless you say so.</summary>
    [Duration]
    public string? Timeout { get; init; }

    /// <summary>Exit codes with a meaning.</summary>
    public ApplyExitCodes? ExitCodes { get; init; }
}

/// <summary>Exit codes of apply that are not plain failures.</summary>
public sealed record ApplyExitCodes
{
    /// <summary>Codes by which the command promises that it changed nothing (a stale plan, say): the task is planned again.</summary>
    [ListSet, Bounds(MaxItems = 8)]
    public IReadOnlyList<int>? NothingChanged { get; init; }
}

/// <summary>The step of type Run.</summary>
public sealed record RunStep
{
    /// <summary>Program and arguments; not a shell line.</summary>
    [RequiredField, Bounds(MinItems = 1, MaxItems = 64, MaxLength = 32_768)]
    public IReadOnlyList<string> Command { get; init => field = value ?? []; } = [];

    /// <summary>Environment.</summary>
    [ListMap("name"), Bounds(MaxItems = 64)]
    public IReadOnlyList<EnvVar>? Env { get; init; }

    /// <summary>Whole ConfigMaps and Secrets as environment.</summary>
    [Bounds(MaxItems = 16)]
    public IReadOnlyList<EnvFromSource>? EnvFrom { get; init; }

    /// <summary>How long it may take.</summary>
    [Duration]
    public string? Timeout { get; init; }
}

/// <summary>One environment variable: a literal, or a key of a ConfigMap or Secret.</summary>
[Rule("!(has(self.value) && has(self.valueFrom))", "a variable has either value or valueFrom")]
public sealed record EnvVar
{
    /// <summary>Name; names that start with BERTH_ are ours.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 253), Pattern("^[A-Za-z_][A-Za-z0-9_]*$")]
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Literal value; part of what is approved.</summary>
    [Bounds(MaxLength = 8192)]
    public string? Value { get; init; }

    /// <summary>Where the value comes from.</summary>
    public EnvVarSource? ValueFrom { get; init; }
}

/// <summary>Exactly one source of a variable.</summary>
[Rule("has(self.configMapKeyRef) != has(self.secretKeyRef)", "valueFrom needs exactly one of configMapKeyRef and secretKeyRef")]
public sealed record EnvVarSource
{
    /// <summary>A key of a ConfigMap; its value is part of what is approved.</summary>
    public KeyReference? ConfigMapKeyRef { get; init; }

    /// <summary>A key of a Secret; approved by name and key only, so that rotation is no change.</summary>
    public KeyReference? SecretKeyRef { get; init; }
}

/// <summary>A key of a ConfigMap or Secret in the task's namespace.</summary>
public sealed record KeyReference
{
    /// <summary>Name of the object.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 253)]
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Key in it.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 253)]
    public string Key { get; init => field = value ?? ""; } = "";
}

/// <summary>A whole ConfigMap or Secret as environment.</summary>
[Rule("has(self.configMapRef) != has(self.secretRef)", "envFrom needs exactly one of configMapRef and secretRef")]
public sealed record EnvFromSource
{
    /// <summary>Put before every key.</summary>
    [Bounds(MaxLength = 64)]
    public string? Prefix { get; init; }

    /// <summary>A ConfigMap.</summary>
    public ConfigMapSource? ConfigMapRef { get; init; }

    /// <summary>A Secret.</summary>
    public SecretSource? SecretRef { get; init; }
}

/// <summary>Names a Secret in the same namespace.</summary>
public sealed record SecretSource
{
    /// <summary>Name of the Secret.</summary>
    [RequiredField, Bounds(MinLength = 1, MaxLength = 253)]
    public string Name { get; init => field = value ?? ""; } = "";
}
