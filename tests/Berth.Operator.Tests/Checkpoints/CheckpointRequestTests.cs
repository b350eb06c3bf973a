using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Checkpoints;
using Berth.Operator.Cluster;
using Berth.Operator.Leadership;
using Berth.Operator.Telemetry;
using Berth.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Berth.Operator.Tests.Checkpoints;

/// <summary>A person asks for a checkpoint by an annotation, which stays: each value asks once, whatever attempts follow.</summary>
[Collection("meters")]
public sealed class CheckpointRequestTests
{
    private const string Uid = "11111111-2222-3333-4444-555555555555";
    private static readonly Hello Agent = new() { Namespace = "ns", Pod = "pod-a", PodUid = "uid-a", Node = "node-1" };

    private static TaskResource Asked(string? request, string? done = null, int attempt = 1, TaskPhase phase = TaskPhase.Running) => new()
    {
        Metadata = new ResourceMeta { Name = "t", Namespace = "ns", Uid = Uid, Annotations = request is null ? null : new Dictionary<string, string> { [Names.CheckpointAnnotation] = request } },
        Spec = new TaskSpec { PoolRef = new PoolReference { Name = "pool" }, Workspace = "net", Type = TaskType.Run, Run = new RunStep { Command = ["run"] }, Checkpoint = new CheckpointPolicy() },
        Status = new Api.TaskStatus { Phase = phase, Attempts = attempt, Attempt = new AttemptStatus { Id = $"{Uid}-{attempt}", Kind = AttemptKind.Run, PodUid = "uid-a" }, Checkpointed = done },
    };

    [Fact]
    public async Task Each_value_is_asked_once_of_a_command_that_runs_and_not_again_of_the_next_attempt()
    {
        Assert.Equal([$"{Uid}-1 now"], await SentAsync(Asked("now"), Asked("now")));
        Assert.Equal([$"{Uid}-2 later"], await SentAsync(Asked("now", done: "now", attempt: 2), Asked("later", done: "now", attempt: 2)));
        Assert.Equal([$"{Uid}-2 now"], await SentAsync(Asked("now", done: null, attempt: 2)));
        Assert.Empty(await SentAsync(Asked(null), Asked(""), Asked("now", phase: TaskPhase.Applying), Asked("now", phase: TaskPhase.Pending)));
    }

    [Fact]
    public async Task A_long_value_is_told_by_its_beginning_and_counts_as_done_by_the_same() =>
        Assert.Empty(await SentAsync(Asked(new string('x', 300), done: (await SentAsync(Asked(new string('x', 300)))).Single().Split(' ')[1])));

    /// <summary>What reaches the agent when these are looked at one after another.</summary>
    private static async Task<List<string>> SentAsync(params TaskResource[] tasks)
    {
        using var metrics = new OperatorMetrics();
        using var closed = new CancellationTokenSource();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var client = new KubernetesClient(new KubernetesConfig { Server = new Uri("http://127.0.0.1:1") }, new KubernetesClientOptions());
        var agents = new AgentRegistry(metrics, TimeProvider.System, NullLogger<AgentRegistry>.Instance);
        var session = new AgentSession(Agent, agents.NextConnection(), closed);
        agents.Connect(session, Agent);
        var dispatcher = new Dispatcher(agents, NullLogger<Dispatcher>.Instance);
        var term = new Term("leader-a", 7, DateTimeOffset.UnixEpoch, _ => Task.FromResult(true), CancellationToken.None);
        var reports = new CheckpointReports(dispatcher, agents, new ClusterCache(client, []), null!, NullLogger<CheckpointReports>.Instance);
        var running = dispatcher.RunAsync(term, limit.Token);
        var sent = new List<string>();
        foreach (var task in tasks)
        {
            reports.Ensure(task, term);
            // A mark behind it: once that has arrived, whatever was asked for has, too.
            dispatcher.Send(term, Agent.PodUid, new Cancel { Epoch = 7, Attempt = "mark" });
            for (var frame = await session.Outgoing.ReadAsync(limit.Token); frame is not Cancel; frame = await session.Outgoing.ReadAsync(limit.Token))
                if (frame is SaveCheckpoint save) sent.Add($"{save.Attempt} {save.Request}");
        }
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        return sent;
    }
}
