using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Xunit;

namespace Berth.DevCluster.Tests.Pods;

/// <summary>Everything that pods and nodes can be made to suffer.</summary>
public sealed class LiesTests : IAsyncLifetime
{
    private const string Pod = "api/v1/namespaces/default/pods/victim";
    private const string Node = "api/v1/nodes/dev-node-0";

    private PodCluster _cluster = null!;
    private JsonObject _pod = null!;
    private int _pid;
    private long _ticks;

    public async ValueTask InitializeAsync()
    {
        _cluster = await PodCluster.StartAsync();
        await _cluster.PodAsync("victim", $$"""
            {"terminationGracePeriodSeconds":1,"containers":[{{PodLifeTests.Looping("slot-0")}},{{PodLifeTests.Looping("agent")}}],
             "tolerations":[{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute"}]}
            """, ",\"finalizers\":[\"berth.dev/fence\"]");
        _pod = await _cluster.UntilPodAsync("victim", PodLifeTests.Running, "the pod to run");
        (_pid, _) = await _cluster.PidsAsync("victim", "slot-0");
        _ticks = ProcessTree.StartTicks(_pid) ?? 0;
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private bool Alive => ProcessTree.IsAlive(_pid, _ticks);

    private static JsonNode? Slot(JsonObject pod) => PodLifeTests.Status(pod, "slot-0");

    private Task DeleteAsync(string query = "") => _cluster.Api.DeleteAsync(Pod + query, null, CancellationToken.None);

    [Fact]
    public async Task A_kill_in_place()
    {
        await _cluster.LieAsync("pods/default/victim/kill?container=slot-0");
        JsonObject pod = await _cluster.UntilPodAsync("victim", pod => Slot(pod).Number("restartCount") == 1, "the restart");
        Assert.Equal(137, Slot(pod).Number("lastState", "terminated", "exitCode"));
        Assert.Equal(0, PodLifeTests.Status(pod, "agent").Number("restartCount"));
    }

    [Fact]
    public async Task A_restart_in_place()
    {
        await _cluster.LieAsync("pods/default/victim/restart?container=slot-0");
        JsonObject pod = await _cluster.UntilPodAsync("victim", pod => Slot(pod).Number("restartCount") == 1 && PodLifeTests.Running(pod), "the restart");
        Assert.Equal((0, "Completed"), (Slot(pod).Number("lastState", "terminated", "exitCode"), Slot(pod).Text("lastState", "terminated", "reason")));
        Assert.Equal(_pod.Uid(), pod.Uid());
    }

    [Fact]
    public async Task A_freeze_and_a_thaw()
    {
        await _cluster.LieAsync("pods/default/victim/freeze?container=slot-0");
        await Wait.UntilAsync(() => File.ReadAllText($"/proc/{_pid}/stat").Contains(") T "), "the processes to stand still");
        await _cluster.LieAsync("pods/default/victim/thaw?container=slot-0");
        await Wait.UntilAsync(() => !File.ReadAllText($"/proc/{_pid}/stat").Contains(") T "), "the processes to go on");
    }

    [Fact]
    public async Task A_forced_delete_leaves_the_process_alive_and_the_finalizer_keeps_the_evidence()
    {
        await _cluster.LieAsync("pods/default/victim/force-delete?processes=alive");
        JsonObject pod = await _cluster.UntilPodAsync("victim", static pod => pod.IsDeleting(), "the deletion");
        await Task.Delay(1500); // Longer than its grace period: whoever wanted to end it has had the time.
        Assert.True(Alive);
        Assert.NotNull(Slot(pod).At("state", "running"));
        await _cluster.LieAsync("pods/default/victim/kill");
        await Wait.UntilAsync(() => !Alive, "its end");
    }

    [Fact]
    public async Task An_eviction_by_the_node()
    {
        await _cluster.LieAsync("pods/default/victim/evict?by=node");
        JsonObject pod = await _cluster.UntilPodAsync("victim", static pod => pod.Text("status", "phase") == "Failed", "the eviction");
        Assert.Equal("Evicted", pod.Text("status", "reason"));
        Assert.Equal("TerminationByKubelet", pod.Condition("DisruptionTarget").Text("reason"));
        Assert.NotNull(Slot(pod).At("state", "terminated"));
        Assert.False(Alive);
    }

    [Fact]
    public async Task An_eviction_by_the_api()
    {
        await _cluster.LieAsync("pods/default/victim/evict?by=api");
        await _cluster.UntilPodAsync("victim", pod => Slot(pod).At("state", "terminated") is not null && pod.IsDeleting(), "the termination");
        Assert.False(Alive);
    }

    [Fact]
    public async Task Marked_failed_as_the_garbage_collector_does()
    {
        await _cluster.LieAsync("pods/default/victim/fail");
        JsonObject pod = await _cluster.UntilPodAsync("victim", static pod => pod.Text("status", "phase") == "Failed", "the phase");
        Assert.Equal("DeletionByPodGC", pod.Condition("DisruptionTarget").Text("reason"));
        Assert.NotNull(Slot(pod).At("state", "running"));
        Assert.True(Alive);
    }

    [Fact]
    public async Task A_silent_node_becomes_NotReady_and_hears_everything_when_it_is_back()
    {
        await _cluster.LieAsync("nodes/dev-node-0/silence");
        JsonObject node = await _cluster.UntilAsync(Node, static node => node.Condition("Ready").Text("status") == "Unknown", "NotReady");
        Assert.Equal("NodeStatusUnknown", node.Condition("Ready").Text("reason"));
        await _cluster.UntilAsync(Node, static node => node.Items("spec", "taints").Count(static taint => taint.Text("key") == "node.kubernetes.io/unreachable") == 2, "the taints");
        await _cluster.UntilPodAsync("victim", static pod => pod.Condition("Ready").Text("status") == "False", "doubt about the pod");
        await DeleteAsync();
        await Task.Delay(1500); // Longer than its grace period; nobody on the node knows of it.
        Assert.True(Alive);
        await _cluster.LieAsync("nodes/dev-node-0/resume");
        await _cluster.UntilPodAsync("victim", static pod => Slot(pod).At("state", "terminated") is not null, "the termination");
        Assert.False(Alive);
        await _cluster.UntilAsync(Node, static node => node.Condition("Ready").Text("status") == "True" && !node.Items("spec", "taints").Any(), "a clean node");
    }

    [Fact]
    public async Task A_reboot_has_another_boot_id_and_starts_containers_anew()
    {
        string? before = (await _cluster.Api.GetAsync(Node, CancellationToken.None)).Text("status", "nodeInfo", "bootID");
        await _cluster.LieAsync("nodes/dev-node-0/reboot");
        Assert.False(Alive);
        await _cluster.UntilAsync(Node, node => node.Text("status", "nodeInfo", "bootID") is { } boot && boot != before, "another boot id");
        JsonObject pod = await _cluster.UntilPodAsync("victim", pod => Slot(pod).Number("restartCount") == 1 && PodLifeTests.Running(pod), "the restart");
        Assert.Equal((255, "Unknown"), (Slot(pod).Number("lastState", "terminated", "exitCode"), Slot(pod).Text("lastState", "terminated", "reason")));
    }

    [Theory]
    [InlineData("alive")]
    [InlineData("dead")]
    public async Task A_node_gone_takes_its_pods_objects_but_not_what_the_finalizer_keeps(string processes)
    {
        await _cluster.LieAsync($"nodes/dev-node-0/remove?processes={processes}");
        await _cluster.UntilGoneAsync(Node);
        JsonObject pod = await _cluster.UntilPodAsync("victim", static pod => pod.Text("status", "phase") == "Failed" && pod.IsDeleting(), "the collection");
        Assert.Equal("DeletionByPodGC", pod.Condition("DisruptionTarget").Text("reason"));
        Assert.NotNull(Slot(pod).At("state", "running"));
        Assert.Equal(processes == "alive", Alive);
        await _cluster.LieAsync("nodes/dev-node-0/resume");
        await _cluster.UntilAsync(Node, static node => node.Condition("Ready").Text("status") == "True", "the node to be back");
        await _cluster.UntilPodAsync("victim", static pod => Slot(pod).At("state", "terminated") is not null, "the termination");
        Assert.False(Alive);
    }

    [Fact]
    public async Task An_out_of_service_taint_takes_the_objects_of_deleted_pods()
    {
        await _cluster.LieAsync("nodes/dev-node-0/silence");
        await _cluster.UntilAsync(Node, static node => node.Condition("Ready").Text("status") == "Unknown", "NotReady");
        await DeleteAsync();
        JsonObject node = await _cluster.Api.GetAsync(Node, CancellationToken.None);
        var taints = (JsonArray)(node.At("spec", "taints")?.DeepClone() ?? new JsonArray());
        taints.Add(JsonNode.Parse("""{"key":"node.kubernetes.io/out-of-service","value":"nodeshutdown","effect":"NoExecute"}"""));
        await _cluster.Api.PatchAsync(Node, ApiClient.MergePatch, new JsonObject { ["spec"] = new JsonObject { ["taints"] = taints } }, CancellationToken.None);
        JsonObject pod = await _cluster.UntilPodAsync("victim", static pod => pod.Text("status", "phase") == "Failed", "the collection");
        Assert.Equal("DeletionByPodGC", pod.Condition("DisruptionTarget").Text("reason"));
    }
}
