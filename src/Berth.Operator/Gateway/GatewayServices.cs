using Berth.Operator.Checkpoints;
using Berth.Operator.Pools;
using Berth.Operator.Telemetry.Notifications;
using Berth.Operator.View;

namespace Berth.Operator.Gateway;

/// <summary>What serves agents beside their connection, and what watches over their pods.</summary>
internal static class GatewayServices
{
    /// <summary>Registers it; each is one per process.</summary>
    public static IServiceCollection AddGatewayParts(this IServiceCollection services) => services
        .AddSingleton<AttemptAccess>().AddSingleton<ArtifactEndpoints>().AddSingleton<CheckpointEndpoints>().AddSingleton<CheckpointReports>().AddSingleton<CheckpointViews>()
        .AddSingleton<EscalationWatch>().AddSingleton<PoolCare>();
}
