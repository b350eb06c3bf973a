using Berth.Core.Pools;
using Berth.Operator.Agents;
using Berth.Operator.Checkpoints;
using Berth.Operator.Cluster;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Telemetry;
using Berth.Protocol;

namespace Berth.Operator.Gateway;

/// <summary>Serves one agent's connection: hello, then reports in and orders out until one side ends it.</summary>
internal sealed class AgentConnection(
    AgentRegistry registry, LeaderState leader, LogWriter logs, CheckpointReports checkpoints, AttemptAccess access, ClusterCache cache, TaskTelemetry telemetry, TimeProvider time, ILogger<AgentConnection> log)
{
    private const int PingSeconds = 10;
    private static readonly TimeSpan HelloWithin = TimeSpan.FromSeconds(10);

    // Less than an agent waits for the answer to its hello.
    private static readonly TimeSpan HeldFor = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(3 * PingSeconds);

    /// <summary>Runs until the connection ends.</summary>
    public async Task ServeAsync(FrameSocket socket, AgentIdentity identity, CancellationToken aborted)
    {
        var hello = await HelloAsync(socket, identity, aborted);
        if (hello is null) return;
        if (hello.Unreachable.Length > 0 || leader.LeaderAddress.Length == 0) await leader.WaitForAnotherAsync(hello.Unreachable, HeldFor, time, aborted);
        if (leader.Term is not { } term)
        {
            await socket.WriteAsync(new Redirect { Address = leader.LeaderAddress }, aborted);
            await socket.CloseAsync("not the leader", aborted);
            return;
        }
        if (hello.Inventory.HighestEpoch > term.Epoch)
        {
            log.LogWarning("Agent of pod {Pod} has obeyed epoch {Theirs}, ours is {Ours}: taking over anew", hello.Pod, hello.Inventory.HighestEpoch, term.Epoch);
            leader.SeeEpoch(hello.Inventory.HighestEpoch);
            await socket.CloseAsync("epoch is behind", aborted);
            return;
        }
        using var closed = CancellationTokenSource.CreateLinkedTokenSource(aborted, term.Over);
        var session = new AgentSession(hello, registry.NextConnection(), closed);
        await socket.WriteAsync(new Welcome { Epoch = term.Epoch, Leader = term.Identity, PingSeconds = PingSeconds }, closed.Token);
        try
        {
            registry.Connect(session, hello);
            await RunAsync(socket, session, identity, closed);
        }
        finally
        {
            session.Close();
            registry.Disconnect(session);
        }
    }

    private async Task<Hello?> HelloAsync(FrameSocket socket, AgentIdentity identity, CancellationToken aborted)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        limit.CancelAfter(HelloWithin);
        if (await socket.ReadAsync(limit.Token) is not Hello hello)
        {
            await socket.CloseAsync("hello expected", aborted);
            return null;
        }
        if (hello.PodUid == identity.PodUid && hello.Pod == identity.Pod && hello.Namespace == identity.Namespace && Math.Abs(hello.Protocol - ProtocolFacts.Version) <= 1) return hello;
        log.LogWarning("Pod {Namespace}/{Pod} claims to be {Claim} with protocol {Protocol}; refused", identity.Namespace, identity.Pod, $"{hello.Namespace}/{hello.Pod}", hello.Protocol);
        await socket.CloseAsync("this hello does not fit the token or this version", aborted);
        return null;
    }

    private async Task RunAsync(FrameSocket socket, AgentSession session, AgentIdentity identity, CancellationTokenSource closed)
    {
        var heard = new Heard(time.GetTimestamp());
        var reading = ReadAsync(socket, session, identity, heard, closed.Token);
        var writing = WriteAsync(socket, session, closed.Token);
        var pinging = PingAsync(session, heard, closed.Token);
        await Task.WhenAny(reading, writing, pinging);
        session.Close();
        await Task.WhenAll(Quiet(reading), Quiet(writing), Quiet(pinging));
    }

    private async Task ReadAsync(FrameSocket socket, AgentSession session, AgentIdentity identity, Heard heard, CancellationToken cancellationToken)
    {
        while (await socket.ReadAsync(cancellationToken) is { } frame)
        {
            heard.At = time.GetTimestamp();
            if (frame is Output output)
            {
                if (access.IsAnothers(output.Attempt, identity))
                {
                    log.LogWarning("Pod {Namespace}/{Pod} sent output of attempt {Attempt}, which is not its own; closing its connection", identity.Namespace, identity.Pod, output.Attempt);
                    return;
                }
                registry.Take(session, output);
                await logs.WriteAsync(session, output, cancellationToken);
            }
            else if (!checkpoints.Take(session, frame))
            {
                registry.Take(session, frame);
                if (frame is Uploaded upload && !access.IsAnothers(upload.Attempt, identity) && cache.TaskByUid(AgentCleanup.TaskOf(upload.Attempt)) is { } task) telemetry.Uploaded(task, upload);
            }
        }
    }

    private static async Task WriteAsync(FrameSocket socket, AgentSession session, CancellationToken cancellationToken)
    {
        await foreach (var frame in session.Outgoing.ReadAllAsync(cancellationToken)) await socket.WriteAsync(frame, cancellationToken);
    }

    private async Task PingAsync(AgentSession session, Heard heard, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(PingSeconds), time);
        for (long nonce = 1; await timer.WaitForNextTickAsync(cancellationToken); nonce++)
        {
            if (time.GetElapsedTime(heard.At) > SilenceLimit)
            {
                log.LogWarning("Agent of pod {Namespace}/{Pod} answered no ping for {Seconds} s; closing its connection", session.Namespace, session.Pod, SilenceLimit.TotalSeconds);
                return;
            }
            session.TrySend(new Ping { Nonce = nonce });
        }
    }

    private async Task Quiet(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException)
        {
            // The connection is being ended.
        }
        catch (Exception e)
        {
            log.LogInformation("An agent's connection ended: {Message}", e.Message);
        }
    }

    private sealed class Heard(long at)
    {
        private long _at = at;

        public long At
        {
            get => Volatile.Read(ref _at);
            set => Volatile.Write(ref _at, value);
        }
    }
}
