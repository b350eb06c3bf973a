using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Tests.Pods;
using Xunit;

namespace Berth.DevCluster.Tests.Controllers;

/// <summary>Deployments, stateful sets, jobs, budgets and services, with their pods really running.</summary>
public sealed class WorkloadTests : IAsyncLifetime
{
    private const string Deployment = "apis/apps/v1/namespaces/default/deployments/web";
    private const string Pods = "api/v1/namespaces/default/pods";

    private PodCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await PodCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private static string Template(string version) => $$"""
        {"metadata":{"labels":{"app":"web"} },"spec":{"terminationGracePeriodSeconds":1,
         "containers":[{"name":"c","image":"x","env":[{"name":"V","value":"{{version}}"}],"ports":[{"name":"http","containerPort":8080}],
          "command":["sh","-c","trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"]}]} }
        """;

    private Task<JsonObject> DeployAsync(int replicas, string strategy = "{}") => _cluster.CreateAsync("apis/apps/v1/namespaces/default/deployments", $$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
         "spec":{"replicas":{{replicas}},"strategy":{{strategy}},"selector":{"matchLabels":{"app":"web"} },"template":{{Template("1")}} } }
        """);

    private Task PatchAsync(string path, string patch) => _cluster.Api.PatchAsync(path, ApiClient.MergePatch, JsonNode.Parse(patch)!, CancellationToken.None);

    private Task<JsonObject> AvailableAsync(int replicas) => _cluster.UntilAsync(Deployment, item =>
        item.Number("status", "observedGeneration") == item.Number("metadata", "generation") && (item.Number("status", "availableReplicas") ?? 0) == replicas
        && (item.Number("status", "updatedReplicas") ?? 0) == replicas && (item.Number("status", "replicas") ?? 0) == replicas, $"{replicas} available replicas");

    private async Task<List<JsonNode>> PodsAsync(string query = "") =>
        [.. (await _cluster.Api.GetAsync(Pods + query, CancellationToken.None)).Items("items")];

    [Fact]
    public async Task A_deployment_rolls_out_scales_and_goes_back()
    {
        await DeployAsync(2);
        JsonObject deployment = await AvailableAsync(2);
        Assert.Equal(("True", "NewReplicaSetAvailable"), (deployment.Condition("Available").Text("status"), deployment.Condition("Progressing").Text("reason")));
        Assert.Equal("1", deployment.Text("metadata", "annotations", "deployment.kubernetes.io/revision"));
        await PatchAsync(Deployment, $$"""{"spec":{"template":{{Template("2")}} } }""");
        deployment = await AvailableAsync(2);
        Assert.Equal("2", deployment.Text("metadata", "annotations", "deployment.kubernetes.io/revision"));
        await Wait.UntilAsync(async () => (await PodsAsync()).Count == 2, "the old pods to go");
        Assert.All(await PodsAsync(), static pod => Assert.Equal("2", pod.Items("spec", "containers").Single().Items("env").Single().Text("value")));
        await PatchAsync(Deployment, $$"""{"spec":{"replicas":3,"template":{{Template("1")}} } }""");
        deployment = await AvailableAsync(3);
        Assert.Equal("3", deployment.Text("metadata", "annotations", "deployment.kubernetes.io/revision"));
        JsonObject sets = await _cluster.Api.GetAsync("apis/apps/v1/namespaces/default/replicasets", CancellationToken.None);
        Assert.Equal(2, sets.Items("items").Count());
        await _cluster.Api.DeleteAsync(Deployment, new JsonObject { ["propagationPolicy"] = "Foreground" }, CancellationToken.None);
        await _cluster.UntilGoneAsync(Deployment);
        Assert.Empty(await PodsAsync());
    }

    [Fact]
    public async Task A_rolling_update_never_goes_below_what_it_promises()
    {
        await DeployAsync(3, """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}""");
        await AvailableAsync(3);
        await PatchAsync(Deployment, $$"""{"spec":{"template":{{Template("2")}} } }""");
        long least = 3, most = 3;
        await _cluster.UntilAsync(Deployment, item =>
        {
            least = Math.Min(least, item.Number("status", "availableReplicas") ?? 0);
            most = Math.Max(most, item.Number("status", "replicas") ?? 0);
            return item.Number("status", "updatedReplicas") == 3 && item.Number("status", "replicas") == 3 && item.Number("status", "availableReplicas") == 3;
        }, "the rollout");
        Assert.True(least >= 3 && most <= 4, $"between {least} and {most} pods");
    }

    [Fact]
    public async Task A_lost_pod_is_replaced()
    {
        await DeployAsync(1);
        await AvailableAsync(1);
        JsonNode pod = (await PodsAsync()).Single();
        await _cluster.Api.DeleteAsync($"{Pods}/{pod.Name()}", null, CancellationToken.None);
        await Wait.UntilAsync(async () => (await PodsAsync()).Any(other => other.Uid() != pod.Uid() && other.Condition("Ready").Text("status") == "True"), "another pod");
    }

    [Fact]
    public async Task A_budget_lets_evictions_through_one_at_a_time()
    {
        await DeployAsync(2);
        await AvailableAsync(2);
        const string budget = "apis/policy/v1/namespaces/default/poddisruptionbudgets/web";
        await _cluster.CreateAsync("apis/policy/v1/namespaces/default/poddisruptionbudgets", """
            {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"web"},"spec":{"maxUnavailable":1,"selector":{"matchLabels":{"app":"web"}}}}
            """);
        JsonObject status = await _cluster.UntilAsync(budget, static item => item.Number("status", "disruptionsAllowed") == 1, "one disruption");
        Assert.Equal((2, 1, 2), (status.Number("status", "expectedPods"), status.Number("status", "desiredHealthy"), status.Number("status", "currentHealthy")));
        List<JsonNode> pods = await PodsAsync();
        await EvictAsync(pods[0]);
        var refused = await Assert.ThrowsAsync<ApiException>(() => EvictAsync(pods[1]));
        Assert.Equal(429, (int)refused.Code);
        await _cluster.UntilAsync(budget, static item => item.Number("status", "disruptionsAllowed") == 1 && item.Number("status", "currentHealthy") == 2, "the next one");
    }

    private Task EvictAsync(JsonNode pod) => _cluster.CreateAsync($"{Pods}/{pod.Name()}/eviction", $$"""
        {"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{pod.Name()}}","namespace":"default"} }
        """);

    [Fact]
    public async Task A_service_lists_ready_pods_at_the_ports_they_say()
    {
        await _cluster.CreateAsync("api/v1/namespaces/default/services", """
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"name":"main","port":80,"targetPort":"http"}]}}
            """);
        await _cluster.PodAsync("one", """{"containers":[{"name":"c","image":"x","command":["sleep","60"],"ports":[{"name":"http","containerPort":8080}]}]}""",
            ",\"labels\":{\"app\":\"web\"},\"annotations\":{\"ports.berth.dev/http\":\"43210\"}");
        const string slices = "apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb";
        JsonObject list = await _cluster.UntilAsync(slices, static list => list.Items("items").Any(static slice => slice.Items("endpoints").Any(static point => point.Flag("conditions", "ready"))), "the slice");
        JsonNode slice = list.Items("items").Single();
        Assert.Equal((43210, "127.0.0.1"), (slice.Items("ports").Single().Number("port"), slice.Items("endpoints").Single().Texts("addresses").Single()));
        await _cluster.Api.DeleteAsync("api/v1/namespaces/default/services/web", null, CancellationToken.None);
        await _cluster.UntilAsync(slices, static list => !list.Items("items").Any(), "the slice to go");
    }

    [Theory]
    [InlineData("NonIndexed")]
    [InlineData("Indexed")]
    public async Task A_job_runs_to_its_completions(string mode)
    {
        await _cluster.CreateAsync("apis/batch/v1/namespaces/default/jobs", $$"""
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"work"},"spec":{"completions":3,"parallelism":2,"completionMode":"{{mode}}","ttlSecondsAfterFinished":2,
             "template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x","command":["sh","-c","echo $JOB_COMPLETION_INDEX"]}]} } } }
            """);
        JsonObject job = await _cluster.UntilAsync("apis/batch/v1/namespaces/default/jobs/work", static item => item.Condition("Complete").Text("status") == "True", "the job to be complete");
        Assert.Equal(3, job.Number("status", "succeeded"));
        Assert.NotNull(job.Time("status", "completionTime"));
        Assert.Equal(mode == "Indexed" ? "0,1,2" : null, job.Text("status", "completedIndexes"));
        await _cluster.UntilGoneAsync("apis/batch/v1/namespaces/default/jobs/work");
        await Wait.UntilAsync(async () => (await PodsAsync()).Count == 0, "its pods to go with it");
    }

    [Fact]
    public async Task A_job_that_fails_too_often_is_failed()
    {
        await _cluster.CreateAsync("apis/batch/v1/namespaces/default/jobs", """
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"bad"},"spec":{"backoffLimit":0,
             "template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x","command":["false"]}]}}}}
            """);
        JsonObject job = await _cluster.UntilAsync("apis/batch/v1/namespaces/default/jobs/bad", static item => item.Condition("Failed").Text("status") == "True", "the failure");
        Assert.Equal(("BackoffLimitExceeded", 1), (job.Condition("Failed").Text("reason"), job.Number("status", "failed")));
    }

    [Fact]
    public async Task A_stateful_set_keeps_names_order_and_claims()
    {
        await _cluster.CreateAsync("apis/apps/v1/namespaces/default/statefulsets", """
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"replicas":2,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
             "template":{"metadata":{"labels":{"app":"db"}},"spec":{"terminationGracePeriodSeconds":1,"containers":[{"name":"c","image":"x","volumeMounts":[{"name":"data","mountPath":"/data"}],
              "command":["sh","-c","echo $HOSTNAME >> /data/starts; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"]}]}},
             "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}
            """);
        await _cluster.UntilAsync("apis/apps/v1/namespaces/default/statefulsets/db", static item => item.Number("status", "readyReplicas") == 2, "both pods");
        JsonObject? first = await _cluster.FindPodAsync("db-0"), second = await _cluster.FindPodAsync("db-1");
        Assert.True(string.CompareOrdinal(first.Condition("Ready").Text("lastTransitionTime"), second.Text("metadata", "creationTimestamp")) <= 0);
        await _cluster.Api.DeleteAsync($"{Pods}/db-0", null, CancellationToken.None);
        await _cluster.UntilPodAsync("db-0", pod => pod.Uid() != first.Uid() && PodLifeTests.Running(pod), "the same name again");
        string claim = Directory.GetDirectories(Path.Combine(_cluster.Options.Directory, "pvc", "default"), "data-db-0").Single();
        await Wait.UntilAsync(async () => (await File.ReadAllLinesAsync(Path.Combine(claim, "starts"))).Length >= 2, "the second start in the same claim");
        Assert.Equal(["db-0", "db-0"], await File.ReadAllLinesAsync(Path.Combine(claim, "starts")));
    }
}
