using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Xunit;

namespace Berth.DevCluster.Tests.Pods;

public sealed class PodLifeTests : IAsyncLifetime
{
    private PodCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await PodCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    internal static bool Running(JsonObject pod) => pod.Text("status", "phase") == "Running" && pod.Condition("Ready").Text("status") == "True";

    internal static JsonNode? Status(JsonObject pod, string container) =>
        pod.Items("status", "containerStatuses").Concat(pod.Items("status", "initContainerStatuses")).FirstOrDefault(item => item.Text("name") == container);

    internal static string Looping(string name, string before = "") =>
        $$"""{"name":"{{name}}","image":"x","command":["sh","-c","{{before}}trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"]}""";

    [Fact]
    public async Task Init_sidecar_and_containers_run_in_order_and_share_a_volume()
    {
        await _cluster.PodAsync("order", """
            {"terminationGracePeriodSeconds":5,
             "initContainers":[
               {"name":"first","image":"x","command":["sh","-c","echo first >> /data/order"],"volumeMounts":[{"name":"data","mountPath":"/data"}]},
               {"name":"agent","image":"x","restartPolicy":"Always","volumeMounts":[{"name":"data","mountPath":"/data"}],
                "startupProbe":{"exec":{"command":["test","-e","/data/up"]},"periodSeconds":1},
                "command":["sh","-c","echo agent >> /data/order; touch /data/up; trap 'echo agent-out >> /data/order; exit 0' TERM; while :; do sleep 1 & wait $!; done"]}],
             "containers":[
               {"name":"slot-0","image":"x","volumeMounts":[{"name":"data","mountPath":"/data"}],
                "command":["sh","-c","echo slot >> /data/order; trap 'sleep 0.3; echo slot-out >> /data/order; exit 0' TERM; while :; do sleep 1 & wait $!; done"]}],
             "volumes":[{"name":"data","hostPath":{"path":"FOLDER","type":"DirectoryOrCreate"}}]}
            """.Replace("FOLDER", Path.Combine(_cluster.Folder, "data"), StringComparison.Ordinal));
        JsonObject pod = await _cluster.UntilPodAsync("order", Running, "the pod to be ready");
        Assert.Equal("True", pod.Condition("Initialized").Text("status"));
        Assert.Equal("Completed", Status(pod, "first").Text("state", "terminated", "reason"));
        Assert.StartsWith("process://", Status(pod, "slot-0").Text("containerID"), StringComparison.Ordinal);
        await _cluster.Api.DeleteAsync("api/v1/namespaces/default/pods/order", null, CancellationToken.None);
        await _cluster.UntilGoneAsync("api/v1/namespaces/default/pods/order");
        string[] order = await File.ReadAllLinesAsync(Path.Combine(_cluster.Folder, "data", "order"));
        Assert.Equal(["first", "agent", "slot", "slot-out", "agent-out"], order);
    }

    [Fact]
    public async Task Environment_comes_from_all_its_sources()
    {
        await _cluster.CreateAsync("api/v1/namespaces/default/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cfg"},"data":{"color":"red","size":"big"}}""");
        await _cluster.CreateAsync("api/v1/namespaces/default/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"sec"},"data":{"word":"aGlkZGVu"}}""");
        JsonObject made = await _cluster.PodAsync("env", """
            {"restartPolicy":"Never","containers":[{"name":"c","image":"x","command":["sh","-c","echo $A $B $C $P_color $NODE $IP $(NAME) $CPU; test -n \"$KUBERNETES_SERVICE_HOST\" && echo api"],
              "resources":{"limits":{"cpu":"500m"}},
              "envFrom":[{"prefix":"P_","configMapRef":{"name":"cfg"}}],
              "env":[{"name":"A","value":"a"},{"name":"B","value":"$(A)b$$x"},{"name":"C","valueFrom":{"secretKeyRef":{"name":"sec","key":"word"}}},
                {"name":"NODE","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}},{"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
                {"name":"NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.uid"}}},
                {"name":"CPU","valueFrom":{"resourceFieldRef":{"resource":"limits.cpu","divisor":"1m"}}}]}]}
            """);
        await _cluster.UntilPodAsync("env", pod => pod.Text("status", "phase") == "Succeeded", "the pod to end");
        Assert.Equal($"a ab$x hidden red dev-node-0 127.0.0.1 {made.Uid()} 500\napi\n", await _cluster.LogAsync("env", "c"));
    }

    [Fact]
    public async Task A_missing_secret_is_said_and_waited_for()
    {
        await _cluster.PodAsync("wants", """
            {"containers":[{"name":"c","image":"x","command":["sleep","60"],"env":[{"name":"C","valueFrom":{"secretKeyRef":{"name":"later","key":"word"}}}]}]}
            """);
        JsonObject pod = await _cluster.UntilPodAsync("wants", pod => Status(pod, "c").Text("state", "waiting", "reason") == "CreateContainerConfigError", "the reason");
        Assert.Equal("secret \"later\" not found", Status(pod, "c").Text("state", "waiting", "message"));
        await _cluster.CreateAsync("api/v1/namespaces/default/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"later"},"data":{"word":"aGlkZGVu"}}""");
        await _cluster.UntilPodAsync("wants", Running, "the pod to run");
    }

    [Theory]
    [InlineData("Never", "exit 3", "Failed", 3)]
    [InlineData("Never", "exit 0", "Succeeded", 0)]
    [InlineData("OnFailure", "test -e /data/x || { touch /data/x; exit 4; }", "Succeeded", 0)]
    public async Task Restart_policies_end_in_the_right_phase(string policy, string script, string phase, int code)
    {
        await _cluster.PodAsync("ends", $$"""
            {"restartPolicy":"{{policy}}","volumes":[{"name":"d","emptyDir":{ } }],
             "containers":[{"name":"c","image":"x","command":["sh","-c","{{script}}"],"volumeMounts":[{"name":"d","mountPath":"/data"}]}]}
            """);
        JsonObject pod = await _cluster.UntilPodAsync("ends", pod => pod.Text("status", "phase") == phase, $"phase {phase}");
        Assert.Equal(code, Status(pod, "c").Number("state", "terminated", "exitCode"));
        Assert.Equal(code == 0 ? "Completed" : "Error", Status(pod, "c").Text("state", "terminated", "reason"));
    }

    [Fact]
    public async Task A_container_that_is_killed_comes_back_with_the_truth_and_then_backs_off()
    {
        await _cluster.PodAsync("killed", $$"""{"containers":[{{Looping("slot-0", "echo run; ")}},{{Looping("slot-1")}}] }""");
        await _cluster.UntilPodAsync("killed", Running, "the pod to run");
        var (other, _) = await _cluster.PidsAsync("killed", "slot-1");
        Assert.Equal(0, Native.kill((await _cluster.PidsAsync("killed", "slot-0")).Pid, Native.SignalKill));
        JsonObject pod = await _cluster.UntilPodAsync("killed", pod => Status(pod, "slot-0").Number("restartCount") == 1 && Running(pod), "the restart");
        JsonNode? last = Status(pod, "slot-0").At("lastState", "terminated");
        Assert.Equal((137, 9, "Error"), (last.Number("exitCode"), last.Number("signal"), last.Text("reason")));
        Assert.True(last.Time("finishedAt") >= last.Time("startedAt"));
        Assert.Equal("run\n", await _cluster.LogAsync("killed", "slot-0", "previous=true"));
        Assert.Equal(0, Native.kill((await _cluster.PidsAsync("killed", "slot-0")).Pid, Native.SignalKill));
        pod = await _cluster.UntilPodAsync("killed", pod => Status(pod, "slot-0").Text("state", "waiting", "reason") == "CrashLoopBackOff", "the back-off");
        Assert.StartsWith("back-off 0.4s restarting failed container=slot-0 pod=killed_default(", Status(pod, "slot-0").Text("state", "waiting", "message"), StringComparison.Ordinal);
        Assert.Equal("False", pod.Condition("Ready").Text("status"));
        await _cluster.UntilPodAsync("killed", pod => Status(pod, "slot-0").Number("restartCount") == 2 && Running(pod), "the second restart");
        Assert.Equal(other, (await _cluster.PidsAsync("killed", "slot-1")).Pid);
    }

    [Fact]
    public async Task Images_that_are_not_there_are_not_pulled()
    {
        await _cluster.PodAsync("image", """{"containers":[{"name":"c","image":"does-not-exist/at-all:1","command":["true"]}]}""");
        await _cluster.UntilPodAsync("image", pod => Status(pod, "c").Text("state", "waiting", "reason") == "ErrImagePull", "ErrImagePull");
        JsonObject pod = await _cluster.UntilPodAsync("image", pod => Status(pod, "c").Text("state", "waiting", "reason") == "ImagePullBackOff", "ImagePullBackOff");
        Assert.Equal("Pending", pod.Text("status", "phase"));
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_a_start_error()
    {
        await _cluster.PodAsync("nothing", """{"restartPolicy":"Never","containers":[{"name":"c","image":"x","command":["no-such-program-xyz"]}]}""");
        JsonObject pod = await _cluster.UntilPodAsync("nothing", pod => pod.Text("status", "phase") == "Failed", "the failure");
        Assert.Equal((128, "StartError"), (Status(pod, "c").Number("state", "terminated", "exitCode"), Status(pod, "c").Text("state", "terminated", "reason")));
    }

    [Fact]
    public async Task The_grace_period_ends_in_a_kill_of_everything()
    {
        await _cluster.PodAsync("stubborn", """
            {"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"x","command":["sh","-c","trap '' TERM; setsid sleep 300 & sleep 300"],
              "lifecycle":{"preStop":{"exec":{"command":["sh","-c","echo x > /data/hook"]}}},"volumeMounts":[{"name":"d","mountPath":"/data"}]}],
             "volumes":[{"name":"d","hostPath":{"path":"FOLDER"}}]}
            """.Replace("FOLDER", _cluster.Folder, StringComparison.Ordinal));
        await _cluster.UntilPodAsync("stubborn", Running, "the pod to run");
        await Wait.UntilAsync(async () => (await _cluster.PidsAsync("stubborn", "c")).Pids.Length >= 3, "its processes");
        int[] pids = (await _cluster.PidsAsync("stubborn", "c")).Pids;
        long[] ticks = [.. pids.Select(static pid => ProcessTree.StartTicks(pid) ?? 0)];
        await _cluster.Api.DeleteAsync("api/v1/namespaces/default/pods/stubborn", null, CancellationToken.None);
        await _cluster.UntilGoneAsync("api/v1/namespaces/default/pods/stubborn");
        Assert.All(pids.Zip(ticks), static process => Assert.False(ProcessTree.IsAlive(process.First, process.Second)));
        Assert.True(File.Exists(Path.Combine(_cluster.Folder, "hook")), "the preStop hook did not run");
    }

    [Fact]
    public async Task A_finalizer_keeps_the_object_and_the_terminations_are_told()
    {
        await _cluster.PodAsync("fenced", $$"""{"terminationGracePeriodSeconds":3,"containers":[{{Looping("slot-0")}}]}""", ",\"finalizers\":[\"berth.dev/fence\"]");
        await _cluster.UntilPodAsync("fenced", Running, "the pod to run");
        await _cluster.Api.DeleteAsync("api/v1/namespaces/default/pods/fenced", null, CancellationToken.None);
        JsonObject pod = await _cluster.UntilPodAsync("fenced", pod => Status(pod, "slot-0").At("state", "terminated") is not null, "the termination");
        Assert.Equal(0, Status(pod, "slot-0").Number("state", "terminated", "exitCode"));
        pod = await _cluster.UntilPodAsync("fenced", pod => pod.Number("metadata", "deletionGracePeriodSeconds") == 0, "the kubelet's last word");
        Assert.Equal("Succeeded", pod.Text("status", "phase"));
        await _cluster.Api.PatchAsync("api/v1/namespaces/default/pods/fenced", ApiClient.MergePatch, JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!, CancellationToken.None);
        await _cluster.UntilGoneAsync("api/v1/namespaces/default/pods/fenced");
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_tried_again_with_pauses()
    {
        await _cluster.PodAsync("nowhere", """{"containers":[{"name":"c","image":"x","command":["no-such-program-xyz"]}]}""");
        JsonObject pod = await _cluster.UntilPodAsync("nowhere", pod => Status(pod, "c").Text("state", "waiting", "reason") == "CrashLoopBackOff", "the back-off");
        Assert.Equal((128, "StartError"), (Status(pod, "c").Number("lastState", "terminated", "exitCode"), Status(pod, "c").Text("lastState", "terminated", "reason")));
        Assert.InRange(Status(pod, "c").Number("restartCount") ?? 0, 0, 3);
    }

    [Fact]
    public async Task A_container_in_back_off_counts_as_ended_when_its_pod_is_over()
    {
        await _cluster.PodAsync("looping", $$"""{"terminationGracePeriodSeconds":3,"containers":[{"name":"slot-0","image":"x","command":["sh","-c","exit 7"]},{{Looping("slot-1")}}]}""", ",\"finalizers\":[\"berth.dev/fence\"]");
        await _cluster.UntilPodAsync("looping", pod => Status(pod, "slot-0").Text("state", "waiting", "reason") == "CrashLoopBackOff" && Status(pod, "slot-1").At("state", "running") is not null, "the back-off");
        await _cluster.Api.DeleteAsync("api/v1/namespaces/default/pods/looping", null, CancellationToken.None);
        JsonObject pod = await _cluster.UntilPodAsync("looping", pod => pod.Number("metadata", "deletionGracePeriodSeconds") == 0, "the kubelet's last word");
        Assert.Equal("Failed", pod.Text("status", "phase"));
        Assert.Equal(7, Status(pod, "slot-0").Number("state", "terminated", "exitCode"));
        Assert.Equal(0, Status(pod, "slot-1").Number("state", "terminated", "exitCode"));
    }

    [Fact]
    public async Task Probes_decide_about_ready_and_restart()
    {
        string data = Path.Combine(_cluster.Folder, "probe");
        Directory.CreateDirectory(data);
        await _cluster.PodAsync("probed", """
            {"terminationGracePeriodSeconds":1,"volumes":[{"name":"d","hostPath":{"path":"FOLDER"}}],
             "containers":[{"name":"c","image":"x","command":["sleep","300"],"volumeMounts":[{"name":"d","mountPath":"/data"}],
              "readinessProbe":{"exec":{"command":["test","-e","/data/ready"]},"periodSeconds":1,"failureThreshold":1},
              "livenessProbe":{"exec":{"command":["test","!","-e","/data/sick"]},"periodSeconds":1,"failureThreshold":1}}]}
            """.Replace("FOLDER", data, StringComparison.Ordinal));
        JsonObject pod = await _cluster.UntilPodAsync("probed", pod => pod.Text("status", "phase") == "Running", "the pod to run");
        Assert.Equal("False", pod.Condition("Ready").Text("status"));
        await File.WriteAllTextAsync(Path.Combine(data, "ready"), "");
        await _cluster.UntilPodAsync("probed", Running, "readiness");
        await File.WriteAllTextAsync(Path.Combine(data, "sick"), "");
        await _cluster.UntilPodAsync("probed", pod => Status(pod, "c").Number("restartCount") >= 1, "the restart");
    }

    [Fact]
    public async Task ConfigMaps_and_tokens_in_volumes_follow_the_api()
    {
        await _cluster.CreateAsync("api/v1/namespaces/default/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"live"},"data":{"k":"one"}}""");
        await _cluster.PodAsync("volumes", """
            {"containers":[{"name":"c","image":"x","command":["sh","-c","cut -d. -f1 /tok/t | base64 -d 2>/dev/null | cut -c1-6; echo; cat /tok/name; echo; while :; do cat /cfg/k; echo; sleep 0.05; done"],
              "volumeMounts":[{"name":"cfg","mountPath":"/cfg"},{"name":"tok","mountPath":"/tok","readOnly":true}]}],
             "volumes":[{"name":"cfg","configMap":{"name":"live"}},
               {"name":"tok","projected":{"sources":[{"serviceAccountToken":{"audience":"berth","path":"t","expirationSeconds":600}},
                 {"downwardAPI":{"items":[{"path":"name","fieldRef":{"fieldPath":"metadata.name"}}]}}]}}]}
            """);
        await _cluster.UntilPodAsync("volumes", Running, "the pod to run");
        await Wait.UntilAsync(async () => (await _cluster.LogAsync("volumes", "c")).Contains("\none\n"), "the first value");
        Assert.StartsWith("{\"alg\"\n\nvolumes\n", await _cluster.LogAsync("volumes", "c"), StringComparison.Ordinal);
        await _cluster.Api.PatchAsync("api/v1/namespaces/default/configmaps/live", ApiClient.MergePatch, JsonNode.Parse("""{"data":{"k":"two"}}""")!, CancellationToken.None);
        await Wait.UntilAsync(async () => (await _cluster.LogAsync("volumes", "c", "tailLines=1")) == "two\n", "the second value", 5);
    }

    [Fact]
    public async Task Logs_can_be_cut_stamped_and_followed()
    {
        await _cluster.PodAsync("logs", """{"restartPolicy":"Never","containers":[{"name":"c","image":"x","command":["sh","-c","seq 1 100; sleep 0.5; echo end"]}]}""");
        await Wait.UntilAsync(async () => await _cluster.FindPodAsync("logs") is { } pod && Status(pod, "c") is { } status && status.At("state", "waiting") is null, "the start");
        Assert.EndsWith("\n99\n100\nend\n", await _cluster.LogAsync("logs", "c", "follow=true"), StringComparison.Ordinal);
        Assert.Equal("100\nend\n", await _cluster.LogAsync("logs", "c", "tailLines=2"));
        Assert.Equal("1\n2\n3\n4\n5", await _cluster.LogAsync("logs", "c", "limitBytes=9"));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z end\n$", await _cluster.LogAsync("logs", "c", "tailLines=1&timestamps=true"));
    }

    [Fact]
    public async Task A_pod_that_fits_nowhere_is_unschedulable_until_it_does()
    {
        await _cluster.PodAsync("picky", $$"""{"nodeSelector":{"disk":"fast"},"containers":[{{Looping("c")}}]}""");
        JsonObject pod = await _cluster.UntilPodAsync("picky", pod => pod.Condition("PodScheduled").Text("status") == "False", "the refusal");
        Assert.Equal(("Unschedulable", "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."),
            (pod.Condition("PodScheduled").Text("reason"), pod.Condition("PodScheduled").Text("message")));
        await _cluster.Api.PatchAsync("api/v1/nodes/dev-node-0", ApiClient.MergePatch, JsonNode.Parse("""{"metadata":{"labels":{"disk":"fast"}}}""")!, CancellationToken.None);
        await _cluster.UntilPodAsync("picky", Running, "the pod to run");
    }

    [Fact]
    public async Task Containers_can_share_one_process_namespace()
    {
        Assert.SkipWhen(IsolationProbe.Detect() != Isolation.Full, "needs root's namespaces");
        await _cluster.PodAsync("shared", """
            {"shareProcessNamespace":true,"containers":[{"name":"a","image":"x","command":["sleep","298"]},
             {"name":"b","image":"x","command":["sh","-c","while ! grep -qs 298 /proc/[0-9]*/cmdline; do sleep 0.05; done; echo seen; sleep 300"]}]}
            """);
        await Wait.UntilAsync(async () => await _cluster.FindPodAsync("shared") is { } pod && Running(pod) && (await _cluster.LogAsync("shared", "b")).Contains("seen"), "b to see a");
    }
}
