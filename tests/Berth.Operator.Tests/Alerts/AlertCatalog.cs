namespace Berth.Operator.Tests.Alerts;

/// <summary>All alerts; deploy/alerts/berth.rules.yaml is written from these.</summary>
internal static class AlertCatalog
{
    private const string On = "1x120";
    private const string Off = "0x120";

    public static IReadOnlyList<Alert> All { get; } =
    [
        // Tasks.
        new("BerthTaskStalled", "warning", """max by (reason) (berth_tasks_stalled{reason!~"RetriesExhausted|ResetsExhausted"}) > 0""", "10m",
            "{{ $value }} tasks need a person: {{ $labels.reason }}", "Tasks have stood still for ten minutes and nothing but a person can move them. kubectl get tasks -A shows them with the command to type.")
        { Runbook = "task-stalled", Fires = [("""berth_tasks_stalled{reason="InputMissing"}""", On)], Quiet = [("""berth_tasks_stalled{reason="InputMissing"}""", Off), ("""berth_tasks_stalled{reason="RetriesExhausted"}""", On)] },
        new("BerthTasksWaitTooLong", "warning", """max by (stage) (berth_tasks_waiting_oldest_seconds{stage=~"Pending|Stopping"}) > 3600""", "10m",
            "A task has been {{ $labels.stage }} for {{ $value | humanizeDuration }}", "A task has waited for more than an hour where it should wait for minutes.")
        { Runbook = "tasks-wait-too-long", Fires = [("""berth_tasks_waiting_oldest_seconds{stage="Pending"}""", "3601+60x120")], Quiet = [("""berth_tasks_waiting_oldest_seconds{stage="Pending"}""", "600x120"), ("""berth_tasks_waiting_oldest_seconds{stage="ApplyPending"}""", "90000x120")] },
        new("BerthApplyLost", "critical", """max(berth_tasks{phase="ApplyLost"}) > 0""", "2m",
            "{{ $value }} applies were lost under way", "A pod vanished while it was applying. Nothing else runs for that workspace until the attempt is proved dead and, by default, until a person says how to go on.")
        { Runbook = "apply-lost", Fires = [("""berth_tasks{phase="ApplyLost"}""", On)], Quiet = [("""berth_tasks{phase="ApplyLost"}""", Off), ("""berth_tasks{phase="Applying"}""", On)] },
        new("BerthReservationsUnrecovered", "warning", "max(berth_reservations_unrecovered) > 0", "5m",
            "{{ $value }} planned tasks lost their slot and got no other", "The plans are safe in the database, but for five minutes no slot was free to put them on.")
        { Runbook = "reservations-unrecovered", Fires = [("berth_reservations_unrecovered", "2x120")], Quiet = [("berth_reservations_unrecovered", "0x40 2x3 0x60")] },
        new("BerthDeadLetters", "warning", "sum(increase(berth_dead_letters_total[30m])) > 0", "0m",
            "Tasks were given up", "At least one task failed or was lost too often and was dead-lettered in the last half hour.")
        { Runbook = "dead-letters", Fires = [("""berth_dead_letters_total{cause="ResetsExhausted"}""", "0x50 1x60")], Quiet = [("""berth_dead_letters_total{cause="ResetsExhausted"}""", "3x120")] },
        new("BerthApprovalsExpiring", "info", "max(berth_approvals_expiring) > 0", "5m",
            "{{ $value }} plans expire within four hours", "Plans wait for approval and will expire unseen; their work would have to be planned again.")
        { Runbook = "approvals-expiring", Fires = [("berth_approvals_expiring", On)], Quiet = [("berth_approvals_expiring", Off), ("berth_approvals_waiting", On)] },

        // The operator.
        new("BerthNoLeader", "critical", "(max(berth_leader) or vector(0)) == 0", "2m",
            "No operator leads", "Nothing is started, moved or recorded. Running commands go on, and agents keep their results.")
        { Runbook = "no-leader", Fires = [("""berth_leader{instance="a"}""", Off), ("""berth_leader{instance="b"}""", Off)], Quiet = [("""berth_leader{instance="a"}""", Off), ("""berth_leader{instance="b"}""", On)] },
        new("BerthTwoLeaders", "critical", "sum(berth_leader) > 1", "1m",
            "{{ $value }} operators believe that they lead", "Agents obey the higher epoch and each order is checked against the Lease, so nothing runs twice; still it must not be. With several installations in one Prometheus, add a selector.")
        { Runbook = "two-leaders", Fires = [("""berth_leader{instance="a"}""", On), ("""berth_leader{instance="b"}""", On)], Quiet = [("""berth_leader{instance="a"}""", On), ("""berth_leader{instance="b"}""", Off)] },
        new("BerthLeaderIdle", "critical", "max(berth_leader_idle_seconds) > 300 or min(berth_leader_progressing) == 0", "1m",
            "The leader decides nothing although tasks are open", "Every open task is looked at once a minute at least; for five minutes none was.")
        { Runbook = "leader-idle", Fires = [("berth_leader_idle_seconds", "240+60x120"), ("berth_leader_progressing", On)], Quiet = [("berth_leader_idle_seconds", "30x120"), ("berth_leader_progressing", On)] },
        new("BerthLoopFaults", "warning", "sum by (loop) (increase(berth_loop_faults_total[10m])) > 0", "0m",
            "Loop {{ $labels.loop }} threw", "A background loop threw something unexpected and was started again. Three times in ten minutes makes the replica Degraded.")
        { Runbook = "loop-faults", Fires = [("""berth_loop_faults_total{loop="placement"}""", "0x64 1x60")], Quiet = [("""berth_loop_faults_total{loop="placement"}""", "7x120")] },
        new("BerthMissedWakeups", "warning", "sum(increase(berth_missed_wakeups_total[1h])) > 0", "0m",
            "Tasks were woken by the sweep alone", "An event that should have moved a task never came. The task went on a minute late; it is a bug.")
        { Runbook = "missed-wakeups", Fires = [("berth_missed_wakeups_total", "0x50 1x60")], Quiet = [("berth_missed_wakeups_total", "1x120")] },
        new("BerthCertificateExpires", "warning", "min by (certificate) (berth_certificate_expiry_timestamp_seconds) - time() < 14 * 86400", "1h",
            "Certificate {{ $labels.certificate }} ends in {{ $value | humanizeDuration }}", "It should have been renewed sixty days before its end.")
        { Runbook = "certificate-expires", Fires = [("""berth_certificate_expiry_timestamp_seconds{certificate="gateway"}""", "1000000x120")], Quiet = [("""berth_certificate_expiry_timestamp_seconds{certificate="gateway"}""", "2000000x120")] },

        // Pools and agents.
        new("BerthPoolCannotGrow", "warning", "max by (namespace, pool) (berth_pool_cannot_grow) == 1", "5m",
            "Pool {{ $labels.namespace }}/{{ $labels.pool }} cannot get its pods", "Quota, scheduling, an image or the template keeps pods away; kubectl get agentpool shows the reason.")
        { Runbook = "pool-cannot-grow", Fires = [("""berth_pool_cannot_grow{namespace="team-a",pool="small"}""", On)], Quiet = [("""berth_pool_cannot_grow{namespace="team-a",pool="small"}""", "0x40 1x3 0x60")] },
        new("BerthAgentLosses", "warning", "sum(increase(berth_agent_losses_total[10m])) > 5", "0m",
            "{{ $value | humanize }} agents lost their connection in ten minutes", "Agents keep working and keep their results while they are cut off; after agentLostAfter their tasks count as lost.")
        { Runbook = "agent-losses", Fires = [("berth_agent_losses_total", "0x50 0+1x60")], Quiet = [("berth_agent_losses_total", "0x50 2x60")] },
        new("BerthRestoreSlow", "warning", "histogram_quantile(0.95, sum by (le) (rate(berth_reservation_restore_duration_seconds_bucket[30m]))) > 30", "0m",
            "Restoring a plan takes {{ $value | humanizeDuration }}", "One restore in twenty took more than thirty seconds in the last half hour.")
        {
            Runbook = "restore-slow",
            Fires = [("""berth_reservation_restore_duration_seconds_bucket{le="30"}""", "0x120"), ("""berth_reservation_restore_duration_seconds_bucket{le="60"}""", "0+1x120"), ("""berth_reservation_restore_duration_seconds_bucket{le="+Inf"}""", "0+1x120")],
            Quiet = [("""berth_reservation_restore_duration_seconds_bucket{le="30"}""", "0+1x120"), ("""berth_reservation_restore_duration_seconds_bucket{le="60"}""", "0+1x120"), ("""berth_reservation_restore_duration_seconds_bucket{le="+Inf"}""", "0+1x120")],
        },

        // History.
        new("BerthOutboxLag", "warning", "max(berth_outbox_lag_seconds) > 120", "5m",
            "Transitions have waited {{ $value | humanizeDuration }} for the database", "Nothing is lost: they stand in the tasks' statuses. When too many wait, nothing new is started.")
        { Runbook = "outbox-lag", Fires = [("berth_outbox_lag_seconds", "0+60x120")], Quiet = [("berth_outbox_lag_seconds", "0x40 150x3 0x60")] },
        new("BerthHistoryWriteFailures", "critical", "sum(rate(berth_history_write_failures_total[10m])) / sum(rate(berth_history_writes_total[10m])) > 0.05", "5m",
            "{{ $value | humanizePercentage }} of all writes to the database fail", "More than five in a hundred writes fail.")
        { Runbook = "history-write-failures", Fires = [("""berth_history_write_failures_total{cause="Unreachable"}""", "0+1x120"), ("berth_history_writes_total", "0+10x120")], Quiet = [("""berth_history_write_failures_total{cause="Unreachable"}""", "0+1x120"), ("berth_history_writes_total", "0+100x120")] },
        new("BerthHistoryUnavailable", "critical", "min(berth_history_available) == 0", "5m",
            "The history database takes nothing", "Running work goes on. Plans that are not stored yet would have to be made again if their pod were lost.")
        { Runbook = "history-unavailable", Fires = [("berth_history_available", Off)], Quiet = [("berth_history_available", On)] },
        new("BerthStorageNearlyFull", "warning", "max(berth_history_storage_used_bytes) / (max(berth_history_storage_limit_bytes) > 0) > 0.8", "10m",
            "The history database fills {{ $value | humanizePercentage }} of its space", "Output, artifacts and transitions take more than eighty percent of Postgres:CapacityBytes.")
        { Runbook = "storage-nearly-full", Fires = [("berth_history_storage_used_bytes", "85x120"), ("berth_history_storage_limit_bytes", "100x120")], Quiet = [("berth_history_storage_used_bytes", "85x120"), ("berth_history_storage_limit_bytes", Off)] },
    ];
}
