using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Pools;

/// <summary>What the operator's own configuration adds to every agent pod.</summary>
/// <param name="Image">Image of agent and runner.</param>
/// <param name="PullPolicy">Pull policy of that image; null for the cluster's default.</param>
/// <param name="Resources">Resources of its containers; null for a small request and no limits.</param>
public sealed record AgentImage(string Image, string? PullPolicy = null, JsonObject? Resources = null);

/// <summary>A pod made from a pool's template, or why it cannot be.</summary>
public sealed record StampedPod(JsonObject? Pod, string Hash, Fault? Fault)
{
    /// <summary>What in the template has no effect.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>
/// Makes an agent pod: the user's template with its container <c>task</c> stamped once per slot, the agent as a sidecar that outlives
/// the slots, and the runner put into every slot by an init container. Paths are told by BERTH_* variables.
/// </summary>
public static class PodStamper
{
    private const string Root = "/berth";

    /// <summary>Hash of the user's template alone: part of what is approved, untouched by upgrades of Berth.</summary>
    public static string TemplateHash(AgentPoolSpec spec) =>
        Digests.Of(CanonicalJson.Write(spec.Template is { ValueKind: JsonValueKind.Object } template ? JsonNode.Parse(template.GetRawText()) : null));

    /// <summary>Stamps the pod of a pool. Name and generateName are the caller's.</summary>
    public static StampedPod Stamp(AgentPoolResource pool, AgentImage image)
    {
        if (pool.Spec.Template is not { ValueKind: JsonValueKind.Object } raw || JsonNode.Parse(raw.GetRawText()) is not JsonObject template)
            return Refuse("spec.template is not a pod template; give it metadata and spec like a Deployment's");
        if (template["spec"] is not JsonObject spec) return Refuse("spec.template.spec is missing; it must be a pod spec with a container named task");
        if (TemplateRules.Check(spec) is { } problem) return Refuse(problem);
        var warnings = TemplateFields.Unknown(template);
        var task = spec["containers"]!.AsArray().OfType<JsonObject>().First(c => TemplateRules.NameOf(c) == Names.TaskContainer);
        Containers(spec, task, pool);
        Sidecars(spec, pool, image);
        Volumes(spec, pool.Spec.SlotsPerPod);
        PodLevel(spec, pool);
        var metadata = Metadata(template["metadata"] as JsonObject, pool);
        var pod = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = spec.DeepClone() };
        var hash = Digests.Of(CanonicalJson.Write(pod))[7..23];
        metadata["labels"]!.AsObject()[Names.TemplateHashLabel] = hash;
        return new StampedPod(pod, hash, null) { Warnings = warnings };
    }

    private static StampedPod Refuse(string problem) => new(null, "", new Fault(Reasons.InvalidTemplate, $"{problem}; correct the pool's template", Retry: false));

    private static void Containers(JsonObject spec, JsonObject task, AgentPoolResource pool)
    {
        var containers = new JsonArray();
        for (var slot = 0; slot < pool.Spec.SlotsPerPod; slot++)
        {
            var stamped = task.DeepClone().AsObject();
            stamped["name"] = Names.SlotContainer(slot);
            stamped["command"] = new JsonArray($"{Root}/bin/Berth.Agent", "runner");
            stamped.Remove("args");
            PodSecurity.Harden(stamped);
            Append(stamped, "env",
                Env("BERTH_SLOT", slot.ToString(CultureInfo.InvariantCulture)), Env("BERTH_SOCKET", $"{Root}/socket/agent.sock"), Env("BERTH_WORK_DIR", $"{Root}/work"),
                Env("BERTH_GRACE_SECONDS", GraceSeconds(pool).ToString(CultureInfo.InvariantCulture)));
            Append(stamped, "volumeMounts",
                Mount("berth-bin", $"{Root}/bin", readOnly: true), Mount($"berth-socket-{slot}", $"{Root}/socket", readOnly: true), Mount($"berth-work-{slot}", $"{Root}/work"));
            containers.Add(stamped);
        }
        foreach (var other in spec["containers"]!.AsArray().OfType<JsonObject>().Where(c => TemplateRules.NameOf(c) != Names.TaskContainer)) containers.Add(other.DeepClone());
        spec["containers"] = containers;
    }

    private static void Sidecars(JsonObject spec, AgentPoolResource pool, AgentImage image)
    {
        var uid = PodSecurity.AgentUid(spec);
        var install = AgentContainer("berth-install", image, uid, "install", $"{Root}/bin");
        install["volumeMounts"] = new JsonArray(Mount("berth-bin", $"{Root}/bin"));
        var agent = AgentContainer(Names.AgentContainer, image, uid, "agent");
        agent["restartPolicy"] = "Always";
        agent["env"] = new JsonArray(
            FieldEnv("BERTH_POD", "metadata.name"), FieldEnv("BERTH_NAMESPACE", "metadata.namespace"), FieldEnv("BERTH_POD_UID", "metadata.uid"), FieldEnv("BERTH_NODE", "spec.nodeName"),
            Env("BERTH_SLOTS", pool.Spec.SlotsPerPod.ToString(CultureInfo.InvariantCulture)), Env("BERTH_STATE_DIR", $"{Root}/state"), Env("BERTH_SOCKETS_DIR", $"{Root}/sockets"),
            Env("BERTH_GATEWAY_DIR", $"{Root}/gateway"), Env("BERTH_TOKEN_FILE", $"{Root}/token/token"), Env("BERTH_GATEWAY_NAME", Names.GatewayServerName));
        var mounts = new JsonArray(Mount("berth-state", $"{Root}/state"), Mount("berth-gateway", $"{Root}/gateway", readOnly: true), Mount("berth-token", $"{Root}/token", readOnly: true));
        for (var slot = 0; slot < pool.Spec.SlotsPerPod; slot++) mounts.Add(Mount($"berth-socket-{slot}", $"{Root}/sockets/{slot}"));
        agent["volumeMounts"] = mounts;
        var initContainers = new JsonArray(install, agent);
        foreach (var other in spec["initContainers"] as JsonArray ?? []) initContainers.Add(other?.DeepClone());
        spec["initContainers"] = initContainers;
    }

    private static JsonObject AgentContainer(string name, AgentImage image, long? uid, params string[] arguments)
    {
        var command = new JsonArray("Berth.Agent");
        foreach (var argument in arguments) command.Add(argument);
        var container = new JsonObject
        {
            ["name"] = name,
            ["image"] = image.Image,
            ["command"] = command,
            ["securityContext"] = PodSecurity.OfAgent(uid),
            ["resources"] = image.Resources?.DeepClone() ?? new JsonObject { ["requests"] = new JsonObject { ["cpu"] = "20m", ["memory"] = "64Mi" } },
        };
        if (image.PullPolicy is { } policy) container["imagePullPolicy"] = policy;
        return container;
    }

    private static void Volumes(JsonObject spec, int slots)
    {
        Append(spec, "volumes",
            EmptyDir("berth-bin"), EmptyDir("berth-state"),
            new JsonObject { ["name"] = "berth-gateway", ["configMap"] = new JsonObject { ["name"] = Names.GatewayConfigMap } },
            new JsonObject
            {
                ["name"] = "berth-token",
                ["projected"] = new JsonObject
                {
                    ["sources"] = new JsonArray(new JsonObject { ["serviceAccountToken"] = new JsonObject { ["audience"] = Names.TokenAudience, ["expirationSeconds"] = 3600, ["path"] = "token" } }),
                },
            });
        for (var slot = 0; slot < slots; slot++) Append(spec, "volumes", EmptyDir($"berth-socket-{slot}"), EmptyDir($"berth-work-{slot}"));
    }

    private static void PodLevel(JsonObject spec, AgentPoolResource pool)
    {
        spec["restartPolicy"] = "Always";
        spec["terminationGracePeriodSeconds"] = GraceSeconds(pool);
        PodSecurity.Profile(spec);
        if (!spec.ContainsKey("automountServiceAccountToken")) spec["automountServiceAccountToken"] = false;
    }

    private static long GraceSeconds(AgentPoolResource pool) => (long)Durations.Or(pool.Spec.TerminationGracePeriod, TimeSpan.FromHours(1)).TotalSeconds;

    private static JsonObject Metadata(JsonObject? template, AgentPoolResource pool)
    {
        var labels = template?["labels"]?.DeepClone().AsObject() ?? [];
        labels[Names.PoolLabel] = pool.Metadata.Name;
        var metadata = new JsonObject
        {
            ["namespace"] = pool.Metadata.Namespace,
            ["labels"] = labels,
            ["finalizers"] = new JsonArray(Names.FenceFinalizer),
            ["ownerReferences"] = new JsonArray(new JsonObject
            {
                ["apiVersion"] = Names.ApiVersion,
                ["kind"] = "AgentPool",
                ["name"] = pool.Metadata.Name,
                ["uid"] = pool.Metadata.Uid,
                ["controller"] = true,
                ["blockOwnerDeletion"] = true,
            }),
        };
        if (template?["annotations"] is JsonObject annotations) metadata["annotations"] = annotations.DeepClone();
        return metadata;
    }

    private static void Append(JsonObject parent, string list, params JsonObject[] items)
    {
        if (parent[list] is not JsonArray array) parent[list] = array = [];
        foreach (var item in items) array.Add(item);
    }

    private static JsonObject EmptyDir(string name) => new() { ["name"] = name, ["emptyDir"] = new JsonObject() };

    private static JsonObject Env(string name, string value) => new() { ["name"] = name, ["value"] = value };

    private static JsonObject FieldEnv(string name, string path) => new() { ["name"] = name, ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = path } } };

    private static JsonObject Mount(string volume, string path, bool readOnly = false)
    {
        var mount = new JsonObject { ["name"] = volume, ["mountPath"] = path };
        if (readOnly) mount["readOnly"] = true;
        return mount;
    }
}
