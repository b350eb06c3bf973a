using static Berth.Operator.Tests.Dashboards.PanelKind;

namespace Berth.Operator.Tests.Dashboards;

/// <summary>All dashboards. Gauges of the cluster are shown by every replica, hence max; counters grow on the leader, hence sum.</summary>
internal static class DashboardCatalog
{
    public static IReadOnlyList<Dashboard> All { get; } =
    [
        new("overview", "Berth / Overview", "Is everything well, and if not, where to look.",
            ("Now", [
                new("Leaders", Stat, "short", "One. None: nothing is decided. Two: see the runbook.", new Query("sum(berth_leader)")),
                new("Open tasks", Stat, "short", "Tasks that are not over.", new Query("""sum(max by (phase) (berth_tasks{phase=~"Pending|Planning|ApplyPending|Applying|Running|ApplyLost|Stopping"}))""")),
                new("Waiting for approval", Stat, "short", "People have to look at these.", new Query("max(berth_approvals_waiting)")),
                new("Need a person", Stat, "short", "Condition Stalled: the task's message tells what to type.", new Query("sum(max by (reason) (berth_tasks_stalled))")),
                new("Database", Stat, "short", "1: it takes what it is given.", new Query("min(berth_history_available)")),
                new("Agents", Stat, "short", "Agents connected to the leader.", new Query("sum(berth_agents_connected)"))]),
            ("Tasks", [
                new("Tasks by phase", TimeSeries, "short", "What exists, by phase.", new Query("max by (phase) (berth_tasks)", "{{phase}}")),
                new("Ends per minute", TimeSeries, "short", "How tasks end.", new Query("""sum by (to) (rate(berth_task_transitions_total{to=~"Succeeded|Failed|Rejected|Stopped|DeadLettered|Expired"}[$__rate_interval])) * 60""", "{{to}}")),
                new("What tasks wait for", TimeSeries, "short", "By stage and reason.", new Query("sum by (stage, reason) (max by (stage, reason) (berth_tasks_waiting))", "{{stage}}: {{reason}}")),
                new("Longest wait", TimeSeries, "s", "The oldest task of each stage.", new Query("max by (stage) (berth_tasks_waiting_oldest_seconds)", "{{stage}}"))]),
            ("Trouble", [
                new("Attempts that did not succeed, per minute", TimeSeries, "short", "By kind and outcome.", new Query("""sum by (kind, outcome) (rate(berth_attempts_total{outcome!="Succeeded"}[$__rate_interval])) * 60""", "{{kind}}: {{outcome}}")),
                new("Loops that threw", TimeSeries, "short", "Zero. Anything else is a bug.", new Query("sum by (loop) (increase(berth_loop_faults_total[5m]))", "{{loop}}"))])),

        new("pools", "Berth / Pools and slots", "Are there enough slots, and do pools get their pods?",
            ("Slots", [
                new("Slots by state", TimeSeries, "short", "Reserved slots wait for an approval with a warm directory.", new Query("""sum by (state) (max by (namespace, pool, state) (berth_pool_slots{namespace=~"$namespace",pool=~"$pool"}))""", "{{state}}")),
                new("Slots per pool", Table, "short", "As each pool's status has them.", new Query("""max by (namespace, pool, state) (berth_pool_slots{namespace=~"$namespace",pool=~"$pool"})""")),
                new("Share in use", TimeSeries, "percentunit", "Running and reserved, of all.", new Query("""sum by (namespace, pool) (max by (namespace, pool, state) (berth_pool_slots{namespace=~"$namespace",pool=~"$pool",state=~"running|reserved"})) / sum by (namespace, pool) (max by (namespace, pool, state) (berth_pool_slots{namespace=~"$namespace",pool=~"$pool"}))""", "{{namespace}}/{{pool}}")),
                new("Tasks that wait for a slot", TimeSeries, "short", "Lasting values ask for more pods.", new Query("""max by (namespace, pool) (berth_pool_waiting_tasks{namespace=~"$namespace",pool=~"$pool"})""", "{{namespace}}/{{pool}}"))]),
            ("Pods", [
                new("Pods there and wanted", TimeSeries, "short", "They should meet.", new Query("""max by (namespace, pool) (berth_pool_pods{namespace=~"$namespace",pool=~"$pool"})""", "{{namespace}}/{{pool}} there"), new Query("""max by (namespace, pool) (berth_pool_pods_desired{namespace=~"$namespace",pool=~"$pool"})""", "{{namespace}}/{{pool}} wanted")),
                new("Ready", TimeSeries, "short", "1: the pool's condition Ready holds.", new Query("""max by (namespace, pool) (berth_pool_ready{namespace=~"$namespace",pool=~"$pool"})""", "{{namespace}}/{{pool}}")),
                new("Cannot grow", TimeSeries, "short", "1: quota, scheduling, an image or the template is in the way.", new Query("""max by (namespace, pool) (berth_pool_cannot_grow{namespace=~"$namespace",pool=~"$pool"})""", "{{namespace}}/{{pool}}"))]),
            ("Agents", [
                new("Connected", TimeSeries, "short", "All at the leader.", new Query("sum(berth_agents_connected)", "agents")),
                new("Connections lost, per minute", TimeSeries, "short", "Pods come and go; a burst is a network.", new Query("sum(rate(berth_agent_losses_total[$__rate_interval])) * 60", "lost"), new Query("sum(rate(berth_agent_connections_total[$__rate_interval])) * 60", "opened"))]))
        { Variables = [("namespace", "berth_pool_ready"), ("pool", "berth_pool_ready")] },

        new("task", "Berth / One task's story", "Where the time of tasks goes, stage by stage; for a single one its trace tells.",
            ("A single task", [
                new("How to look at one", Text, "", """
                    Metrics name no tasks. For one task:

                    * `berth describe NAME` says why it waits, since when, and the command to type; `berth history NAME` every move it made, `berth logs NAME` its output.
                    * Its **trace** shows each stay in a phase, each reason to wait and each attempt. Search your trace store for the attribute `berth.task.uid`
                      (or `berth.task` and `k8s.namespace.name`) of service `berth-operator`. The command's own spans hang below the attempt, if it reads `TRACEPARENT`.
                    * Log lines of the operator about it carry the same trace id.
                    """)]),
            ("Where the time goes", [
                new("Median stay in a phase", TimeSeries, "s", "Half of all stays are shorter.", new Query("histogram_quantile(0.5, sum by (phase, le) (rate(berth_task_phase_duration_seconds_bucket[$__rate_interval]))) or sum by (phase) (rate(berth_task_phase_duration_seconds_count[$__rate_interval])) * 0", "{{phase}}")),
                new("Long stays in a phase (95 %)", TimeSeries, "s", "One in twenty is longer.", new Query("histogram_quantile(0.95, sum by (phase, le) (rate(berth_task_phase_duration_seconds_bucket[$__rate_interval])))", "{{phase}}")),
                new("Time waited, by reason", TimeSeries, "s", "Seconds that tasks waited in each second.", new Query("sum by (stage, reason) (rate(berth_task_wait_duration_seconds_sum[$__rate_interval]))", "{{stage}}: {{reason}}")),
                new("Attempts, from order to end (95 %)", TimeSeries, "s", "By kind.", new Query("histogram_quantile(0.95, sum by (kind, le) (rate(berth_attempt_duration_seconds_bucket[$__rate_interval])))", "{{kind}}"))]),
            ("Moves", [
                new("Moves per minute", TimeSeries, "short", "Rows of the transition table.", new Query("sum by (from, to, signal) (rate(berth_task_transitions_total[$__rate_interval])) * 60 > 0", "{{from}} → {{to}}: {{signal}}")),
                new("Attempts per minute", TimeSeries, "short", "By kind and outcome.", new Query("sum by (kind, outcome) (rate(berth_attempts_total[$__rate_interval])) * 60 > 0", "{{kind}}: {{outcome}}"))])),

        new("recovery", "Berth / Recovery and dead letters", "What was lost, how it came back, and what did not.",
            ("Losses", [
                new("Reservations lost, per hour", TimeSeries, "short", "By how the task goes on.", new Query("sum by (recovery) (increase(berth_reservations_lost_total[1h]))", "{{recovery}}")),
                new("Reservations restored, per hour", TimeSeries, "short", "Stored plans put on another slot.", new Query("sum(increase(berth_reservations_restored_total[1h]))", "restored")),
                new("Without a slot now", Stat, "short", "Planned tasks whose slot was lost and that have no other yet.", new Query("max(berth_reservations_unrecovered)")),
                new("Time to restore (95 %)", TimeSeries, "s", "Two seconds and less is usual.", new Query("histogram_quantile(0.95, sum by (le) (increase(berth_reservation_restore_duration_seconds_bucket[1h]))) or sum(increase(berth_reservation_restore_duration_seconds_count[1h])) * 0", "95 %")),
                new("Resets, per hour", TimeSeries, "short", "Tasks sent back to planning.", new Query("sum by (cause) (increase(berth_task_resets_total[1h]))", "{{cause}}")),
                new("Lost attempts, per hour", TimeSeries, "short", "By kind.", new Query("""sum by (kind) (increase(berth_attempts_total{outcome="Lost"}[1h]))""", "{{kind}}"))]),
            ("What needs a person", [
                new("Applies lost under way", Stat, "short", "Zero. Each holds its workspace until it is proved dead and somebody has decided.", new Query("""max(berth_tasks{phase="ApplyLost"})""")),
                new("Dead letters there", Stat, "short", "Raise spec.requeue to bring one back.", new Query("""max(berth_tasks{phase="DeadLettered"})""")),
                new("Dead letters, per hour", TimeSeries, "short", "By cause.", new Query("sum by (cause) (increase(berth_dead_letters_total[1h]))", "{{cause}}")),
                new("Stalled tasks", TimeSeries, "short", "By reason.", new Query("max by (reason) (berth_tasks_stalled)", "{{reason}}")),
                new("Approvals waiting and expiring", TimeSeries, "short", "Expiring: within four hours.", new Query("max(berth_approvals_waiting)", "waiting"), new Query("max(berth_approvals_expiring)", "expiring")),
                new("Verdicts, per hour", TimeSeries, "short", "On Approvals, by reason.", new Query("sum by (reason) (increase(berth_approval_verdicts_total[1h]))", "{{reason}}"))])),

        new("history", "Berth / History and database", "Does every transition reach the database, and how fast?",
            ("Outbox", [
                new("Lag", TimeSeries, "s", "How long the oldest unwritten transition has been waiting.", new Query("max(berth_outbox_lag_seconds)", "lag")),
                new("Depth", TimeSeries, "short", "Tasks with unwritten transitions.", new Query("max(berth_outbox_depth)", "tasks")),
                new("Spilled", TimeSeries, "short", "Tasks that went while the database was away and whose history waits in a ConfigMap. Zero soon after it is back.", new Query("max(berth_history_spilled)", "tasks")),
                new("Transitions written, per second", TimeSeries, "short", "", new Query("sum(rate(berth_history_transitions_written_total[$__rate_interval]))", "transitions")),
                new("Failing writes", TimeSeries, "percentunit", "Above 5 % an alert fires.", new Query("sum(rate(berth_history_write_failures_total[$__rate_interval])) / (sum(rate(berth_history_writes_total[$__rate_interval])) > 0) or vector(0)", "share")),
                new("Failures by cause, per hour", TimeSeries, "short", "", new Query("sum by (cause) (increase(berth_history_write_failures_total[1h]))", "{{cause}}")),
                new("Time to write a batch (95 %)", TimeSeries, "s", "", new Query("histogram_quantile(0.95, sum by (le) (rate(berth_history_write_duration_seconds_bucket[$__rate_interval])))", "95 %"))]),
            ("Database", [
                new("Size", TimeSeries, "bytes", "With Postgres:CapacityBytes set, an alert fires at 80 %.", new Query("max(berth_history_storage_used_bytes)", "used"), new Query("max(berth_history_storage_limit_bytes)", "limit")),
                new("Size by table", TimeSeries, "bytes", "With indexes.", new Query("max by (table) (berth_history_table_size_bytes)", "{{table}}")),
                new("Connections", TimeSeries, "short", "By state.", new Query("sum by (db_client_connection_state) (db_client_connection_count)", "{{db_client_connection_state}}")),
                new("Commands, time (95 %)", TimeSeries, "s", "As the operator sees them.", new Query("histogram_quantile(0.95, sum by (le) (rate(db_client_operation_duration_seconds_bucket[$__rate_interval])))", "95 %")),
                new("Available", TimeSeries, "short", "1 on each replica.", new Query("berth_history_available", "{{instance}}"))])),

        new("operator", "Berth / Operator internals", "Queues, API calls, leader, process.",
            ("Leader", [
                new("Who leads", TimeSeries, "short", "One line at 1.", new Query("berth_leader", "{{instance}}")),
                new("Epoch", TimeSeries, "short", "Each step is a change of leader.", new Query("max(berth_leader_epoch)", "epoch")),
                new("Idle", TimeSeries, "s", "Below a minute while tasks are open.", new Query("max(berth_leader_idle_seconds)", "idle")),
                new("Progressing and ready", TimeSeries, "short", "1 and 1.", new Query("berth_leader_progressing", "{{instance}} progressing"), new Query("berth_ready", "{{instance}} ready")),
                new("Faults", TimeSeries, "short", "Zero.", new Query("sum by (loop) (increase(berth_loop_faults_total[5m]))", "{{loop}}"), new Query("sum(increase(berth_missed_wakeups_total[5m]))", "missed wakeups")),
                new("Notifications, per hour", TimeSeries, "short", "By what became of them.", new Query("sum by (outcome) (increase(berth_notifications_total[1h]))", "{{outcome}}")),
                new("Certificate ends in", Stat, "s", "Renewed sixty days before.", new Query("min(berth_certificate_expiry_timestamp_seconds) - time()"))]),
            ("Queues", [
                new("Depth", TimeSeries, "short", "Keys that wait for a worker.", new Query("sum by (name) (workqueue_depth)", "{{name}}")),
                new("Time in queue (95 %)", TimeSeries, "s", "", new Query("histogram_quantile(0.95, sum by (name, le) (rate(workqueue_queue_duration_seconds_bucket[$__rate_interval])))", "{{name}}")),
                new("Reconciles per second", TimeSeries, "short", "By result.", new Query("sum by (controller, result) (rate(controller_runtime_reconcile_total[$__rate_interval]))", "{{controller}}: {{result}}")),
                new("Time of a reconcile (95 %)", TimeSeries, "s", "", new Query("histogram_quantile(0.95, sum by (controller, le) (rate(controller_runtime_reconcile_time_seconds_bucket[$__rate_interval])))", "{{controller}}"))]),
            ("API server", [
                new("Requests per second", TimeSeries, "short", "By method and code.", new Query("sum by (method, code) (rate(rest_client_requests_total[$__rate_interval]))", "{{method}} {{code}}")),
                new("Time to answer (95 %)", TimeSeries, "s", "Watches apart.", new Query("""histogram_quantile(0.95, sum by (verb, le) (rate(rest_client_request_duration_seconds_bucket{verb!="WATCH"}[$__rate_interval])))""", "{{verb}}")),
                new("Caches", TimeSeries, "short", "Objects held.", new Query("max by (name) (informer_objects)", "{{name}}")),
                new("Age of caches", TimeSeries, "s", "Since each last heard from the server.", new Query("max by (name) (informer_age_seconds)", "{{name}}"))]),
            ("Process", [
                new("Memory", TimeSeries, "bytes", "Working set.", new Query("dotnet_process_memory_working_set_bytes", "{{instance}}")),
                new("CPU", TimeSeries, "short", "Cores in use.", new Query("sum by (instance) (rate(dotnet_process_cpu_time_seconds_total[$__rate_interval]))", "{{instance}}")),
                new("Pauses of the collector", TimeSeries, "percentunit", "Share of time.", new Query("rate(dotnet_gc_pause_time_seconds_total[$__rate_interval])", "{{instance}}")),
                new("Version", Table, "short", "Of each replica.", new Query("berth_build_info"))])),
    ];
}
