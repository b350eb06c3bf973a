using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>What pods say to those who would take them away: evictions, drains, autoscalers of nodes.</summary>
[Collection("pools")]
public sealed class PoolCareTests(PoolsFixture fixture)
{
    private const string SafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict";
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";
    private static readonly ResourceType<JsonObject> Evictions = Resources.Dynamic("policy", "v1", "evictions", "Eviction", true);

    [Fact]
    public async Task A_pod_at_work_is_not_evicted_and_one_that_is_idle_may_go_from_its_first_moment_on()
    {
        await using var space = await fixture.Stack.SpaceAsync();
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space)).Count == 1, "the pool's pod");
        var pod = (await fixture.PodsAsync(space))[0];
        Assert.Equal("true", pod.Metadata.Annotation(SafeToEvict));

        var go = Path.Combine(fixture.Stack.Directory, $"{space.Name}.go");
        await space.CreateAsync("running", s => { s["type"] = "Run"; s.Remove("plan"); s.Remove("apply"); s["run"] = new JsonObject { ["command"] = TestSpace.Shell($"while [ ! -e {go} ]; do sleep 0.2; done") }; });
        await UntilMarkedAsync(space, pod, ("true", "false", "1000"));
        var refused = await Assert.ThrowsAsync<KubernetesException>(() => EvictAsync(space, pod));
        Assert.Equal(429, refused.Status.Code);
        Assert.Contains("would violate the pod's disruption budget", refused.Message, StringComparison.Ordinal);
        Assert.Contains(await fixture.PodsAsync(space), p => p.Metadata.Uid == pod.Metadata.Uid);

        await File.WriteAllTextAsync(go, "");
        await space.UntilAsync("running", TaskPhase.Succeeded);
        await UntilMarkedAsync(space, pod, (null, "true", "0"));
        await EvictAsync(space, pod);
        await fixture.UntilAsync(async () => (await fixture.PodsAsync(space)) is [var other] && other.Metadata.Uid != pod.Metadata.Uid, "another pod in its place");
    }

    private Task UntilMarkedAsync(TestSpace space, Pod pod, (string? Protected, string? Safe, string? Cost) marks) => fixture.UntilAsync(
        async () => await fixture.Stack.Client.GetAsync(Resources.Pods, new ObjectKey(space.Name, pod.Metadata.Name!)) is { Metadata: var m } && (m.Label(Names.ProtectedLabel), m.Annotation(SafeToEvict), m.Annotation(DeletionCost)) == marks,
        $"marks {marks}");

    private Task EvictAsync(TestSpace space, Pod pod)
    {
        var eviction = new JsonObject { ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = pod.Metadata.Name, ["namespace"] = space.Name } };
        return fixture.Stack.Client.CreateSubresourceAsync(Resources.Pods, new ObjectKey(space.Name, pod.Metadata.Name!), "eviction", eviction, Evictions.Json);
    }
}
