using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>The instance whose nodes are cordoned and tainted; its scenarios run one after another.</summary>
[CollectionDefinition("pools")]
public sealed class PoolScenarios : ICollectionFixture<PoolsFixture>;

/// <summary>Berth with real processes, and words for what happens to pools.</summary>
public sealed class PoolsFixture : IAsyncLifetime
{
    private static readonly ResourceType<AgentPoolResource> Pools = new(Names.Group, Names.Version, "agentpools", "AgentPool", true, BerthJson.Default.AgentPoolResource, p => new(p.Metadata.Namespace, p.Metadata.Name, p.Metadata.Uid, p.Metadata.ResourceVersion));

    public BerthStack Stack { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Stack = await BerthStack.StartAsync(replicas: 1);

    public ValueTask DisposeAsync() => Stack.DisposeAsync();

    /// <summary>The pool as it is.</summary>
    public Task<AgentPoolResource> PoolAsync(TestSpace space) => Stack.Client.GetAsync(Pools, new ObjectKey(space.Name, "pool"));

    /// <summary>Pods of the pool that are not on their way out.</summary>
    public async Task<IReadOnlyList<Pod>> PodsAsync(TestSpace space, bool all = false) =>
        [.. (await Stack.Client.ListAllAsync(Resources.Pods, space.Name)).Items.Where(p => all || p.Metadata.DeletionTimestamp is null)];

    /// <summary>Waits until the pool is as described.</summary>
    public async Task<AgentPoolResource> UntilPoolAsync(TestSpace space, Func<AgentPoolResource, bool> condition, string what)
    {
        AgentPoolResource? last = null;
        for (var end = DateTime.UtcNow + TestSpace.Patience; DateTime.UtcNow < end; await Task.Delay(100))
        {
            last = await PoolAsync(space);
            if (condition(last)) return last;
        }
        throw new TimeoutException($"the pool did not become {what}: {string.Join("; ", last?.Status.Conditions.Select(c => $"{c.Type} {c.Status} {c.Reason}: {c.Message}") ?? [])}, replicas {last?.Spec.Replicas}/{last?.Status.Replicas}\n{Stack.Logs()}");
    }

    /// <summary>Waits until something holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; DateTime.UtcNow < end; await Task.Delay(100))
            if (await condition()) return;
        throw new TimeoutException($"{what} did not come true\n{Stack.Logs()}");
    }

    /// <summary>Sets or takes off an annotation of a pod.</summary>
    public Task AnnotatePodAsync(TestSpace space, string pod, string name, string? value) =>
        Stack.Client.PatchAsync(Resources.Pods, new ObjectKey(space.Name, pod), Annotation(name, value));

    /// <summary>Sets an annotation of the pool.</summary>
    public Task AnnotatePoolAsync(TestSpace space, string name, string value) => Stack.Client.PatchAsync(Pools, new ObjectKey(space.Name, "pool"), Annotation(name, value));

    /// <summary>Sets or takes off an annotation of the namespace.</summary>
    public Task AnnotateNamespaceAsync(TestSpace space, string name, string? value) => Stack.Client.PatchAsync(Resources.Namespaces, new ObjectKey(space.Name), Annotation(name, value));

    /// <summary>Changes the spec of a node for as long as the result is not disposed.</summary>
    public async Task<IAsyncDisposable> NodeAsync(string node, JsonObject spec)
    {
        await Stack.Client.PatchAsync(Resources.Nodes, new ObjectKey(node), Patch.Merge(new JsonObject { ["spec"] = spec }));
        return new Undo(() => Stack.Client.PatchAsync(Resources.Nodes, new ObjectKey(node), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["unschedulable"] = null, ["taints"] = null } })));
    }

    private static Patch Annotation(string name, string? value) => Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [name] = value } } });

    private sealed class Undo(Func<Task> undo) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await undo();
    }
}
