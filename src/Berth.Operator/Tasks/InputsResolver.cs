using System.Text;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Tasks;

/// <summary>What the cluster holds for a task right now: snapshot, file contents and secret values. Secrets never leave this record but to the agent.</summary>
internal sealed record ResolvedInputs(InputsStatus Snapshot, IReadOnlyDictionary<string, byte[]> Files);

/// <summary>An input cannot be had; the fault says which and what to do.</summary>
internal sealed class InputsException(Fault fault) : Exception(fault.Message)
{
    /// <summary>What is wrong.</summary>
    public Fault Fault { get; } = fault;
}

/// <summary>Reads ConfigMaps and Secrets that tasks name, in the task's own namespace only.</summary>
internal sealed class InputsResolver(KubernetesClient client, ClusterCache cache)
{
    private const int MaxSourceBytes = 1024 * 1024;

    /// <summary>Declared patterns of the task and of its pool; null if there are none.</summary>
    public IReadOnlyList<string>? MaskOf(TaskResource task)
    {
        string[] all = [.. cache.Pools.Store.Get(new ObjectKey(task.Metadata.Namespace, task.Spec.PoolRef.Name))?.Spec.Policy.Mask ?? [], .. task.Spec.Mask ?? []];
        return all.Length == 0 ? null : all;
    }

    /// <summary>Resolves everything but Secrets, as it would be for a slot of this pod. A restore runs with the variables of its plan: theirs are not read again.</summary>
    public async Task<ResolvedInputs> ResolveAsync(TaskResource task, AttemptKind kind, string podUid, int slot, CancellationToken cancellationToken)
    {
        var maps = new Dictionary<string, ConfigMap>(StringComparer.Ordinal);
        var files = await FilesAsync(task, maps, cancellationToken);
        var variables = new List<ResolvedVariable>();
        foreach (var (step, env, from) in kind == AttemptKind.Restore ? [] : Steps(task.Spec)) await VariablesAsync(task, step, env, from, maps, variables, cancellationToken);
        var pod = cache.PodByUid(podUid);
        var digests = files.Select(f => new FileDigest { Path = f.Key, Digest = Digests.Of(f.Value), Size = f.Value.Length }).OrderBy(f => f.Path, StringComparer.Ordinal).ToList();
        return new ResolvedInputs(new InputsStatus
        {
            SpecHash = Manifests.SpecHash(task.Spec),
            SourceDigest = task.Spec.Source is null ? null : Digests.Of(CanonicalJson.Write(new JsonObject(digests.Select(d => KeyValuePair.Create(d.Path, (JsonNode?)d.Digest))))),
            Files = digests.Count == 0 ? null : digests,
            Variables = variables.Count == 0 ? null : variables,
            TemplateHash = pod?.Metadata.Annotation(Pools.PoolPods.TemplateAnnotation),
            ImageId = pod is null ? null : PodReader.ImageIds(pod.Status?.ContainerStatuses ?? []).GetValueOrDefault(slot),
            ServiceAccount = pod?.Spec?.ServiceAccountName,
        }, files);
    }

    /// <summary>Reads the Secrets of one step.</summary>
    public async Task<IReadOnlyDictionary<string, string>> SecretsAsync(TaskResource task, AttemptKind kind, CancellationToken cancellationToken)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var step = StepOf(kind);
        foreach (var (name, env, from) in Steps(task.Spec))
        {
            if (name != step) continue;
            foreach (var source in from ?? [])
                if (source.SecretRef is { } reference)
                    foreach (var (key, value) in (await SecretAsync(task, reference.Name, cancellationToken)).Data ?? new Dictionary<string, byte[]>()) values[source.Prefix + key] = Encoding.UTF8.GetString(value);
            foreach (var variable in env ?? [])
                if (variable.ValueFrom?.SecretKeyRef is { } key) values[variable.Name] = await SecretKeyAsync(task, key, cancellationToken);
        }
        return values;
    }

    /// <summary>Whether a task names anything that has to be read.</summary>
    public static bool NamesSecrets(TaskSpec spec, AttemptKind kind)
    {
        var step = StepOf(kind);
        return Steps(spec).Any(s => s.Name == step && ((s.Env?.Any(e => e.ValueFrom?.SecretKeyRef is not null) ?? false) || (s.From?.Any(f => f.SecretRef is not null) ?? false)));
    }

    /// <summary>The step whose environment an attempt of this kind gets; a restore prepares as the plan did.</summary>
    private static string StepOf(AttemptKind kind) => kind switch { AttemptKind.Apply => "apply", AttemptKind.Run => "run", _ => "plan" };

    private static IEnumerable<(string Name, IReadOnlyList<Api.EnvVar>? Env, IReadOnlyList<EnvFromSource>? From)> Steps(TaskSpec spec)
    {
        if (spec.Plan is { } plan) yield return ("plan", plan.Env, plan.EnvFrom);
        if (spec.Apply is { } apply) yield return ("apply", apply.Env, apply.EnvFrom);
        if (spec.Run is { } run) yield return ("run", run.Env, run.EnvFrom);
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> FilesAsync(TaskResource task, Dictionary<string, ConfigMap> maps, CancellationToken cancellationToken)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (path, text) in task.Spec.Source?.Inline?.Files ?? new Dictionary<string, string>()) files[path] = Encoding.UTF8.GetBytes(text);
        if (task.Spec.Source?.ConfigMapRef is { } reference)
        {
            var map = await MapAsync(task, reference.Name, maps, cancellationToken);
            foreach (var (path, text) in map.Data ?? new Dictionary<string, string>()) files[path] = Encoding.UTF8.GetBytes(text);
            foreach (var (path, base64) in map.BinaryData ?? new Dictionary<string, string>()) files[path] = Convert.FromBase64String(base64);
        }
        var total = files.Values.Sum(f => (long)f.Length);
        return total <= MaxSourceBytes ? files : throw new InputsException(new Fault(Reasons.InvalidSpec, $"the source has {total} bytes; at most {MaxSourceBytes} are allowed"));
    }

    private async Task VariablesAsync(TaskResource task, string step, IReadOnlyList<Api.EnvVar>? env, IReadOnlyList<EnvFromSource>? from, Dictionary<string, ConfigMap> maps, List<ResolvedVariable> into, CancellationToken cancellationToken)
    {
        foreach (var source in from ?? [])
            if (source.ConfigMapRef is { } reference)
                foreach (var (key, value) in (await MapAsync(task, reference.Name, maps, cancellationToken)).Data ?? new Dictionary<string, string>()) into.Add(new ResolvedVariable { Step = step, Name = source.Prefix + key, Value = value });
        foreach (var variable in env ?? [])
        {
            if (variable.ValueFrom?.ConfigMapKeyRef is not { } key) continue;
            var map = await MapAsync(task, key.Name, maps, cancellationToken);
            if (map.Data?.TryGetValue(key.Key, out var value) != true) throw Missing($"ConfigMap {task.Metadata.Namespace}/{key.Name} has no key {key.Key}; add it");
            into.Add(new ResolvedVariable { Step = step, Name = variable.Name, Value = value! });
        }
    }

    private async Task<ConfigMap> MapAsync(TaskResource task, string name, Dictionary<string, ConfigMap> maps, CancellationToken cancellationToken)
    {
        if (maps.TryGetValue(name, out var known)) return known;
        var map = await client.TryGetAsync(Resources.ConfigMaps, new ObjectKey(task.Metadata.Namespace, name), cancellationToken);
        return maps[name] = map ?? throw Missing($"ConfigMap {task.Metadata.Namespace}/{name} does not exist; create it");
    }

    private async Task<string> SecretKeyAsync(TaskResource task, KeyReference key, CancellationToken cancellationToken)
    {
        var secret = await SecretAsync(task, key.Name, cancellationToken);
        return secret.Data?.GetValueOrDefault(key.Key) is { } value ? Encoding.UTF8.GetString(value) : throw Missing($"Secret {task.Metadata.Namespace}/{key.Name} has no key {key.Key}; add it");
    }

    private async Task<Secret> SecretAsync(TaskResource task, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await client.TryGetAsync(Resources.Secrets, new ObjectKey(task.Metadata.Namespace, name), cancellationToken) ?? throw Missing($"Secret {task.Metadata.Namespace}/{name} does not exist; create it");
        }
        catch (KubernetesException e) when (e.IsForbidden)
        {
            throw new InputsException(new Fault(Reasons.SecretForbidden, $"the operator may not read Secret {task.Metadata.Namespace}/{name}; add namespace {task.Metadata.Namespace} to secretNamespaces in the chart's values, which makes the missing Role and RoleBinding there, or bind a Role with get on that Secret to the operator's service account yourself ({e.Status.Message})"));
        }
    }

    private static InputsException Missing(string message) => new(new Fault(Reasons.InputMissing, message));
}
