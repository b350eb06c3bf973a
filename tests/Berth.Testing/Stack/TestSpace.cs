using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Testing;

/// <summary>A namespace with a pool, and words for what people do in it.</summary>
public sealed class TestSpace(BerthStack stack, string name) : IAsyncDisposable
{
    /// <summary>How long anything may take before a test fails; the machine may be busy.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private static readonly ResourceType<TaskResource> Tasks = new(Names.Group, Names.Version, "tasks", "Task", true, BerthJson.Default.TaskResource, t => new(t.Metadata.Namespace, t.Metadata.Name, t.Metadata.Uid, t.Metadata.ResourceVersion));
    private static readonly ResourceType<ApprovalResource> Approvals = new(Names.Group, Names.Version, "approvals", "Approval", true, BerthJson.Default.ApprovalResource, a => new(a.Metadata.Namespace, a.Metadata.Name, a.Metadata.Uid, a.Metadata.ResourceVersion));
    private static readonly ResourceType<AgentPoolResource> Pools = new(Names.Group, Names.Version, "agentpools", "AgentPool", true, BerthJson.Default.AgentPoolResource, p => new(p.Metadata.Namespace, p.Metadata.Name, p.Metadata.Uid, p.Metadata.ResourceVersion));
    private static readonly ResourceType<JsonObject> AnyTask = Resources.Dynamic(Names.Group, Names.Version, "tasks", "Task", true);
    private static readonly ResourceType<JsonObject> AnyPool = Resources.Dynamic(Names.Group, Names.Version, "agentpools", "AgentPool", true);

    /// <summary>Name of the namespace.</summary>
    public string Name { get; } = name;

    /// <summary>A file outside Berth to which commands append, so that what they really did can be counted.</summary>
    public string Ledger { get; } = Path.Combine(stack.Directory, $"{name}.ledger");

    /// <summary>Lines of the ledger.</summary>
    public IReadOnlyList<string> LedgerLines() => File.Exists(Ledger) ? File.ReadAllLines(Ledger) : [];

    /// <summary>Creates the pool named <c>pool</c>: one pod, three slots, all of which may apply.</summary>
    public Task CreatePoolAsync(JsonObject? spec = null)
    {
        spec ??= [];
        spec.TryAdd("replicas", 1);
        spec.TryAdd("slotsPerPod", 2);
        spec.TryAdd("applySlotsPerPod", 2);
        spec.TryAdd("agentLostAfter", "20s");
        spec.TryAdd("terminationGracePeriod", "5s");
        spec.TryAdd("template", new JsonObject { ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "task", ["image"] = "host" }) } });
        return stack.Client.CreateAsync(AnyPool, new JsonObject { ["apiVersion"] = Names.ApiVersion, ["kind"] = "AgentPool", ["metadata"] = new JsonObject { ["name"] = "pool", ["namespace"] = Name }, ["spec"] = spec }, Name);
    }

    /// <summary>Creates a task that plans an artifact and whose apply notes its attempt in the ledger.</summary>
    public async Task<string> CreateAsync(string task, Action<JsonObject>? change = null, KubernetesClient? by = null)
    {
        var spec = new JsonObject
        {
            ["poolRef"] = new JsonObject { ["name"] = "pool" },
            ["workspace"] = task,
            ["plan"] = new JsonObject { ["command"] = Shell("echo planning; echo content > plan.out"), ["artifacts"] = new JsonArray("plan.out") },
            ["apply"] = new JsonObject { ["command"] = Shell($"cat plan.out && echo $BERTH_ATTEMPT {task} >> {Ledger}") },
        };
        change?.Invoke(spec);
        await (by ?? stack.Client).CreateAsync(AnyTask, new JsonObject { ["apiVersion"] = Names.ApiVersion, ["kind"] = "Task", ["metadata"] = new JsonObject { ["name"] = task, ["namespace"] = Name }, ["spec"] = spec }, Name);
        return task;
    }

    /// <summary>A shell command line as a command.</summary>
    public static JsonArray Shell(string line) => new("sh", "-c", line);

    /// <summary>The task as it is.</summary>
    public Task<TaskResource> GetAsync(string task) => stack.Client.GetAsync(Tasks, new ObjectKey(Name, task));

    /// <summary>The pool as it is.</summary>
    public Task<AgentPoolResource> GetPoolAsync() => stack.Client.GetAsync(Pools, new ObjectKey(Name, "pool"));

    /// <summary>Waits until a task is as described; fails with its status and the operators' logs.</summary>
    public async Task<TaskResource> UntilAsync(string task, Func<TaskResource, bool> condition, string what, TimeSpan? patience = null)
    {
        var end = DateTime.UtcNow + (patience ?? Patience);
        TaskResource? last = null;
        while (DateTime.UtcNow < end)
        {
            try
            {
                last = await GetAsync(task);
                if (condition(last)) return last;
            }
            catch (KubernetesException e) when (e.IsTransient)
            {
                // The API server may be away for a moment; the condition is what counts.
            }
            await Task.Delay(100);
        }
        throw new TimeoutException($"task {task} did not become {what}: {last?.Status.Phase}, {last?.Status.Reason}: {last?.Status.Message}\n{string.Join('\n', last?.Status.History.Entries.Select(e => $"  {e.Seq} {e.From}→{e.To} {e.Signal} {e.Message}") ?? [])}\n{stack.Logs()}");
    }

    /// <summary>Waits for a phase.</summary>
    public Task<TaskResource> UntilAsync(string task, TaskPhase phase) => UntilAsync(task, t => t.Status.Phase == phase, phase.ToString());

    /// <summary>Waits until a task is planned, its plan stored and its slot warm.</summary>
    public Task<TaskResource> UntilReservedAsync(string task, string? notOn = null) =>
        UntilAsync(task, t => t.Status is { Phase: TaskPhase.ApplyPending, Slot: { Warm: true } slot, Plan.Stored: true } && slot.PodUid != notOn, $"reserved{(notOn is null ? "" : " elsewhere")} with a stored plan");

    /// <summary>Decides as a person, by default for what the task shows now.</summary>
    public async Task<string> DecideAsync(string task, ApprovalDecision decision = ApprovalDecision.Approve, string by = "alice", Func<ApprovalSpec, ApprovalSpec>? change = null)
    {
        var seen = await GetAsync(task);
        var spec = new ApprovalSpec
        {
            TaskRef = new TaskReference { Name = task, Uid = seen.Metadata.Uid },
            Run = seen.Status.Run,
            Workspace = seen.Spec.Workspace,
            Decision = decision,
            Digest = decision is ApprovalDecision.Approve or ApprovalDecision.Reject ? seen.Status.Plan?.Digest : null,
            Attempt = decision is ApprovalDecision.Approve or ApprovalDecision.Reject ? null : seen.Status.Attempt?.Id,
            Approver = by,
        };
        using var person = stack.As(by);
        var created = await person.CreateAsync(Approvals, new ApprovalResource { Metadata = new ResourceMeta { GenerateName = $"{task}-", Namespace = Name }, Spec = change is null ? spec : change(spec) }, Name);
        return created.Metadata.Name;
    }

    /// <summary>Waits for the verdict on an Approval.</summary>
    public async Task<Berth.Api.Condition> VerdictAsync(string approval)
    {
        var end = DateTime.UtcNow + Patience;
        while (DateTime.UtcNow < end)
        {
            var seen = await stack.Client.GetAsync(Approvals, new ObjectKey(Name, approval));
            if (seen.Status.Conditions.FirstOrDefault(c => c.Type == "Accepted") is { } verdict) return verdict;
            await Task.Delay(100);
        }
        throw new TimeoutException($"Approval {approval} got no verdict\n{stack.Logs()}");
    }

    /// <summary>Changes the spec of a task by a merge patch.</summary>
    public Task PatchAsync(string task, JsonObject spec) => stack.Client.PatchAsync(AnyTask, new ObjectKey(Name, task), Patch.Merge(new JsonObject { ["spec"] = spec }));

    /// <summary>Changes the spec of the pool by a merge patch.</summary>
    public Task PatchPoolAsync(JsonObject spec) => stack.Client.PatchAsync(AnyPool, new ObjectKey(Name, "pool"), Patch.Merge(new JsonObject { ["spec"] = spec }));

    /// <inheritdoc />
    public async ValueTask DisposeAsync() => await stack.Client.DeleteAsync(Resources.Namespaces, new ObjectKey(Name));
}
