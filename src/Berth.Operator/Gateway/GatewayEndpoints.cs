using Berth.Operator.Checkpoints;
using Berth.Operator.Options;
using Berth.Protocol;

namespace Berth.Operator.Gateway;

/// <summary>The WebSocket endpoint of the agents.</summary>
internal sealed class GatewayEndpoints(AgentAuthenticator authenticator, AgentConnection connection, ArtifactEndpoints artifacts, CheckpointEndpoints checkpoints, OperatorOptions options, ILogger<GatewayEndpoints> log)
{
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
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await connection.ServeAsync(new FrameSocket(socket), identity, context.RequestAborted);
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
}
