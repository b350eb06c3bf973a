namespace Berth.Operator.Telemetry;

/// <summary>What kind of instrument a metric is.</summary>
internal enum MetricKind
{
    /// <summary>Only grows; printed with <c>_total</c>.</summary>
    Counter,

    /// <summary>Read when somebody looks.</summary>
    Gauge,

    /// <summary>Counts values by size.</summary>
    Histogram,
}

/// <summary>One metric of the operator: name without suffixes, kind, unit, help, labels, and for histograms the buckets.</summary>
internal sealed record MetricDefinition(string Name, MetricKind Kind, string Unit, string Help, params string[] Labels)
{
    /// <summary>Upper bounds of a histogram's buckets.</summary>
    public IReadOnlyList<double> Bounds { get; init; } = [];
}

/// <summary>Every metric of the operator. docs/metrics.md is written from this table.</summary>
internal static class MetricCatalog
{
    private static readonly double[] PhaseBounds = [0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400, 604800];
    private static readonly double[] RestoreBounds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

    // Tasks.
    public static readonly MetricDefinition Transitions = Counter("berth_task_transitions", "{transition}", "Moves of tasks through the transition table.", "from", "to", "signal");
    public static readonly MetricDefinition Phase = Histogram("berth_task_phase_duration", "Time that tasks spent in a phase before they left it.", PhaseBounds, "phase");
    public static readonly MetricDefinition Wait = Histogram("berth_task_wait_duration", "Time that tasks waited in a stage for one reason.", PhaseBounds, "stage", "reason");
    public static readonly MetricDefinition Tasks = Gauge("berth_tasks", "{task}", "Task resources by phase.", "phase");
    public static readonly MetricDefinition Waiting = Gauge("berth_tasks_waiting", "{task}", "Tasks that wait, by stage and reason.", "stage", "reason");
    public static readonly MetricDefinition OldestWait = Gauge("berth_tasks_waiting_oldest", "s", "How long the longest of the tasks in a stage has been in it.", "stage");
    public static readonly MetricDefinition Stalled = Gauge("berth_tasks_stalled", "{task}", "Tasks that need a person (condition Stalled), by reason.", "reason");
    public static readonly MetricDefinition MissedWakeups = Counter("berth_missed_wakeups", "{wakeup}", "Tasks that a sweep had to wake because no event did: a bug.");

    // Attempts, recovery.
    public static readonly MetricDefinition Attempts = Counter("berth_attempts", "{attempt}", "Attempts that ended, by kind and outcome.", "kind", "outcome");
    public static readonly MetricDefinition AttemptTime = Histogram("berth_attempt_duration", "Time from the order of an attempt to its end.", PhaseBounds, "kind");
    public static readonly MetricDefinition Resets = Counter("berth_task_resets", "{reset}", "Tasks sent back to planning, by cause.", "cause");
    public static readonly MetricDefinition ReservationsLost = Counter("berth_reservations_lost", "{reservation}", "Reserved slots that were lost, by how the task goes on.", "recovery");
    public static readonly MetricDefinition ReservationsRestored = Counter("berth_reservations_restored", "{reservation}", "Stored plans that were restored on another slot.");
    public static readonly MetricDefinition ReservationsUnrecovered = Gauge("berth_reservations_unrecovered", "{task}", "Planned tasks that lost their slot and have no other yet.");
    public static readonly MetricDefinition RestoreTime = Histogram("berth_reservation_restore_duration", "Time to restore a stored plan on another slot, from the order to the end.", RestoreBounds);
    public static readonly MetricDefinition DeadLetters = Counter("berth_dead_letters", "{task}", "Tasks that were given up, by cause.", "cause");

    // Approvals.
    public static readonly MetricDefinition Verdicts = Counter("berth_approval_verdicts", "{verdict}", "Verdicts on Approvals, by reason.", "reason");
    public static readonly MetricDefinition ApprovalsWaiting = Gauge("berth_approvals_waiting", "{task}", "Tasks that wait for a person's approval.");
    public static readonly MetricDefinition ApprovalsExpiring = Gauge("berth_approvals_expiring", "{task}", "Tasks that wait for approval and expire within four hours.");

    // Pools and agents.
    public static readonly MetricDefinition Slots = Gauge("berth_pool_slots", "{slot}", "Slots of a pool by state.", "namespace", "pool", "state");
    public static readonly MetricDefinition PoolPods = Gauge("berth_pool_pods", "{pod}", "Pods of a pool.", "namespace", "pool");
    public static readonly MetricDefinition PoolPodsDesired = Gauge("berth_pool_pods_desired", "{pod}", "Pods that a pool shall have.", "namespace", "pool");
    public static readonly MetricDefinition PoolWaiting = Gauge("berth_pool_waiting_tasks", "{task}", "Tasks of a pool that wait for a slot.", "namespace", "pool");
    public static readonly MetricDefinition PoolReady = Gauge("berth_pool_ready", "1", "Whether the pool's condition Ready holds.", "namespace", "pool");
    public static readonly MetricDefinition PoolCannotGrow = Gauge("berth_pool_cannot_grow", "1", "Whether something keeps the pool from getting the pods it shall have; see its Ready condition.", "namespace", "pool");
    public static readonly MetricDefinition AgentsConnected = Gauge("berth_agents_connected", "{agent}", "Agents connected to this replica.");
    public static readonly MetricDefinition AgentConnections = Counter("berth_agent_connections", "{connection}", "Connections that agents opened to this replica.");
    public static readonly MetricDefinition AgentLosses = Counter("berth_agent_losses", "{connection}", "Connections of agents that ended while this replica led.");

    // History.
    public static readonly MetricDefinition HistoryWritten = Counter("berth_history_transitions_written", "{transition}", "Transitions written to the database.");
    public static readonly MetricDefinition HistoryWrites = Counter("berth_history_writes", "{write}", "Batches of transitions offered to the database, failed ones included.");
    public static readonly MetricDefinition HistoryFailures = Counter("berth_history_write_failures", "{failure}", "Failed writes to the database, by cause.", "cause");
    public static readonly MetricDefinition HistoryWriteTime = Histogram("berth_history_write_duration", "Time to write a batch of transitions.", [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);
    public static readonly MetricDefinition HistoryAvailable = Gauge("berth_history_available", "1", "Whether the database took what it was last given.");
    public static readonly MetricDefinition OutboxDepth = Gauge("berth_outbox_depth", "{task}", "Tasks with transitions that are not in the database yet.");
    public static readonly MetricDefinition OutboxLag = Gauge("berth_outbox_lag", "s", "How long the oldest of them has been waiting.");
    public static readonly MetricDefinition Spilled = Gauge("berth_history_spilled", "{task}", "Tasks that went while the database was away and whose history waits in a ConfigMap.");
    public static readonly MetricDefinition TableSize = Gauge("berth_history_table_size", "By", "Size of a table of the history with its indexes; absent until it was read once.", "table");
    public static readonly MetricDefinition StorageUsed = Gauge("berth_history_storage_used", "By", "Size of the history database; absent until it was read once.");
    public static readonly MetricDefinition StorageLimit = Gauge("berth_history_storage_limit", "By", "Size that the database may grow to (Postgres:CapacityBytes); 0 if none was given.");

    // This process.
    public static readonly MetricDefinition Notifications = Counter("berth_notifications", "{notification}", "Notifications by what became of them.", "outcome");
    public static readonly MetricDefinition Leader = Gauge("berth_leader", "1", "Whether this replica leads.");
    public static readonly MetricDefinition Epoch = Gauge("berth_leader_epoch", "1", "Epoch of this replica's term; 0 on a standby.");
    public static readonly MetricDefinition Idle = Gauge("berth_leader_idle", "s", "Time since the leader last decided anything while tasks are open; 0 on a standby.");
    public static readonly MetricDefinition Progressing = Gauge("berth_leader_progressing", "1", "Whether the work loops make progress; the lease is renewed only while they do.");
    public static readonly MetricDefinition LoopFaults = Counter("berth_loop_faults", "{fault}", "Background loops that threw and were started again.", "loop");
    public static readonly MetricDefinition CertificateExpiry = Gauge("berth_certificate_expiry_timestamp", "s", "When a certificate ends, in seconds since 1970.", "certificate");
    public static readonly MetricDefinition Ready = Gauge("berth_ready", "1", "Whether this replica's caches are filled, so that it can take over at once.");
    public static readonly MetricDefinition Build = Gauge("berth_build_info", "1", "Always 1; the label tells the version.", "version");

    /// <summary>All of them, in the order of the page.</summary>
    public static IReadOnlyList<MetricDefinition> All { get; } =
    [
        Transitions, Phase, Wait, Tasks, Waiting, OldestWait, Stalled, MissedWakeups,
        Attempts, AttemptTime, Resets, ReservationsLost, ReservationsRestored, ReservationsUnrecovered, RestoreTime, DeadLetters,
        Verdicts, ApprovalsWaiting, ApprovalsExpiring,
        Slots, PoolPods, PoolPodsDesired, PoolWaiting, PoolReady, PoolCannotGrow, AgentsConnected, AgentConnections, AgentLosses,
        HistoryWritten, HistoryWrites, HistoryFailures, HistoryWriteTime, HistoryAvailable, OutboxDepth, OutboxLag, Spilled, TableSize, StorageUsed, StorageLimit,
        Leader, Epoch, Idle, Progressing, LoopFaults, CertificateExpiry, Notifications, Ready, Build,
    ];

    private static MetricDefinition Counter(string name, string unit, string help, params string[] labels) => new(name, MetricKind.Counter, unit, help, labels);

    private static MetricDefinition Gauge(string name, string unit, string help, params string[] labels) => new(name, MetricKind.Gauge, unit, help, labels);

    private static MetricDefinition Histogram(string name, string help, double[] bounds, params string[] labels) => new(name, MetricKind.Histogram, "s", help, labels) { Bounds = bounds };
}
