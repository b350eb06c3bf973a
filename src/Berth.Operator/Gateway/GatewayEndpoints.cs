using System.Collections.Concurrent;
using Berth.Operator.Checkpoints;
using Berth.Operator.Options;
using Berth.Protocol;

namespace Berth.Operator.Gateway;

/// <summary>The WebSocket endpoint of the agents.</summary>
internal sealed class GatewayEndpoints(AgentAuthenticator authenticator, AgentConnection connection, ArtifactEndpoints artifacts, CheckpointEndpoints checkpoints, OperatorOptions options, ILogger<GatewayEndpoints> log)
{
    private readonly ConcurrentDictionary<string, int> _byPod = new(StringComparer.Ordinal);
    private int _connections;

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ProtocolFacts.ConnectPath, ConnectAsync);
        artifacts.Map(routes);
        checkpoints.Map(routes);
    }

    private async Task ConnectAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        if (Interlocked.Increment(ref _connections) > options.Gateway.MaxConnections)
        {
            Interlocked.Decrement(ref _connections);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        try
        {
            if (await authenticator.AuthenticateAsync(context.Request, context.RequestAborted) is not { } identity)
            {
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return;
            }
            await ServeAsync(context, identity);
        }
        catch (OperationCanceledException)
        {
            log.LogDebug("An agent's connection was cut");
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    /// <summary>One pod cannot take the places of all others.</summary>
    private async Task ServeAsync(HttpContext context, AgentIdentity identity)
    {
        if (_byPod.AddOrUpdate(identity.PodUid, 1, (_, n) => n + 1) > GatewayLimits.SocketsPerPod)
        {
            Leave(identity);
            log.LogWarning("Pod {Namespace}/{Pod} holds {Count} connections already; another was refused", identity.Namespace, identity.Pod, GatewayLimits.SocketsPerPod);
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }
        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await connection.ServeAsync(new FrameSocket(socket), identity, context.RequestAborted);
        }
        finally
        {
            Leave(identity);
        }
    }

    private void Leave(AgentIdentity identity)
    {
        if (_byPod.AddOrUpdate(identity.PodUid, 0, (_, n) => n - 1) == 0) _byPod.TryRemove(new KeyValuePair<string, int>(identity.PodUid, 0));
    }
}
