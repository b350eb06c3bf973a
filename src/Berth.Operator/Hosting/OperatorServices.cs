using Berth.History;
using Berth.Kubernetes;
using Berth.Operator.Agents;
using Berth.Operator.Approvals;
using Berth.Operator.Checkpoints;
using Berth.Operator.Cluster;
using Berth.Operator.Gateway;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.Options;
using Berth.Operator.Placement;
using Berth.Operator.Pools;
using Berth.Operator.Tasks;
using Berth.Operator.Telemetry;
using Berth.Operator.Telemetry.Notifications;
using Berth.Operator.View;
using Berth.Operator.View.Access;
using Berth.Operator.View.Tables;

namespace Berth.Operator.Hosting;

/// <summary>What the operator is made of.</summary>
internal static class OperatorServices
{
    /// <summary>Registers everything; each is one per process.</summary>
    public static IServiceCollection AddOperator(this IServiceCollection services, OperatorOptions options, KubernetesConfig cluster)
    {
        services.AddSingleton(options).AddSingleton(cluster).AddSingleton(TimeProvider.System);
        services.AddSingleton(s => new KubernetesClient(cluster, new KubernetesClientOptions { UserAgent = "berth-operator", Logging = s.GetRequiredService<ILoggerFactory>() }));
        services.AddSingleton<HistoryKeys>();
        services.AddSingleton(s => new HistoryStore(options.Postgres.ConnectionString!, new HistoryOptions { Keys = s.GetRequiredService<HistoryKeys>().Ring }));
        services.AddSingleton(s => new ClusterCache(s.GetRequiredService<KubernetesClient>(), options.Operator.WatchNamespaces));
        services.AddSingleton(s => new EventRecorder(s.GetRequiredService<KubernetesClient>(), new EventRecorderOptions { Controller = "berth.dev/operator", Instance = options.Identity, Logging = s.GetRequiredService<ILoggerFactory>() }));
        services.AddSingleton<GatewayCertificates>();
        services.AddSingleton<PodReader>().AddSingleton<LeaderState>().AddSingleton<ListeningAddresses>();
        services.AddSingleton<OperatorMetrics>().AddSingleton<TaskTraces>().AddSingleton<TaskTelemetry>().AddSingleton<TaskCensus>().AddSingleton<ClusterGauges>().AddSingleton<StorageMeter>().AddSingleton<WakeupWatch>().AddSingleton<Notifier>();
        services.AddSingleton<TelemetryService>().AddHostedService(s => s.GetRequiredService<TelemetryService>());
        services.AddSingleton<OperatorEvents>().AddSingleton<LoopSupervisor>();
        services.AddSingleton<AgentRegistry>().AddSingleton<Dispatcher>().AddSingleton<AgentJanitor>();
        services.AddSingleton<AgentAuthenticator>().AddSingleton<AgentConnection>().AddSingleton<GatewayEndpoints>().AddSingleton<GatewayPublisher>();
        services.AddSingleton<HistoryCondition>().AddSingleton<HistoryProbe>().AddSingleton<HistoryWriter>().AddSingleton<HistorySpill>().AddSingleton<HistoryCatchUp>().AddSingleton<VerbAudit>().AddSingleton<HistoryViews>().AddSingleton<HistoryUpkeep>().AddSingleton<PlanStore>().AddSingleton<LogWriter>();
        services.AddSingleton<PlacementLoop>().AddSingleton<PoolStates>().AddSingleton<PoolPods>().AddSingleton<PoolReconciler>().AddSingleton<MountWatch>();
        services.AddSingleton<PoolObserver>().AddSingleton<WorkHolds>().AddSingleton<NamespaceStorage>();
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<ApprovalProofRecord>(s, options.Operator.Namespace));
        services.AddSingleton<ApprovalProver>().AddSingleton(s => new LossMeter(s.GetRequiredService<PodReader>().IsNodeLost, s.GetRequiredService<TimeProvider>())).AddSingleton<InputsResolver>().AddSingleton<OrderFactory>();
        services.AddSingleton<TaskObserver>().AddSingleton<TaskEffects>().AddSingleton<VerdictWriter>().AddSingleton<OrphanApprovals>().AddSingleton<TaskReporter>().AddSingleton<TaskReconciler>();
        services.AddSingleton<ViewCertificates>().AddSingleton<ViewAuthenticator>().AddSingleton<ViewAuthorizer>().AddSingleton<ViewGate>().AddSingleton<LeaderViews>().AddSingleton<ViewRegistration>();
        services.AddSingleton<TaskViews>().AddSingleton<ClusterRows>().AddSingleton<OperatorRow>().AddSingleton<ViewEndpoints>();
        services.AddGatewayParts().AddSingleton<LeaderWork>().AddSingleton<OperatorHost>();
        return services;
    }
}
