using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Berth.History.Schema.Migrations
{
    /// <inheritdoc />
    internal sealed partial class StatisticsViews : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Read by dashboards as a role that may only select: times in UTC, one row a fact, no joins needed. Names are a contract.
            migrationBuilder.Sql("""
                create view berth.view_tasks as
                  select uid, namespace, name, workspace, pool, type, requested_by, approved_by, phase, reason, run, plan_summary, created_at, queued_at, started_at, finished_at,
                    extract(epoch from started_at - created_at)::float8 as wait_seconds, extract(epoch from finished_at - created_at)::float8 as total_seconds,
                    case when finished_at is not null then (phase = 'Succeeded')::int end as succeeded
                  from berth.tasks;
                create view berth.view_stays as
                  select t.uid, k.namespace, k.workspace, k.pool, t.run, t.to_phase as phase, t.reason, t.at as since,
                    lead(t.at) over (partition by t.uid order by t.seq) as until,
                    extract(epoch from lead(t.at) over (partition by t.uid order by t.seq) - t.at)::float8 as seconds
                  from berth.transitions t join berth.tasks k on k.uid = t.uid;
                create view berth.view_transitions as
                  select t.at, t.uid, k.namespace, k.name, k.workspace, k.pool, t.seq, t.run, t.from_phase, t.to_phase, t.signal, t.reason, t.message, t.actor, t.slot
                  from berth.transitions t join berth.tasks k on k.uid = t.uid;
                create view berth.view_daily as
                  select date_trunc('day', created_at at time zone 'UTC') at time zone 'UTC' as day, namespace, workspace, pool, phase, count(*) as tasks
                  from berth.tasks group by 1, 2, 3, 4, 5;
                create view berth.view_attempts as
                  select a.*, k.namespace, k.name, k.workspace, k.pool, extract(epoch from a.started_at - a.ordered_at)::float8 as start_seconds,
                    extract(epoch from a.ended_at - a.started_at)::float8 as run_seconds
                  from berth.attempts a join berth.tasks k on k.uid = a.task_uid;
                create view berth.view_storage as
                  select c.relname as table_name, pg_total_relation_size(c.oid) as bytes, greatest(c.reltuples, 0)::bigint as rows_estimate
                  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'berth' and c.relkind = 'r';
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("drop view berth.view_tasks, berth.view_stays, berth.view_transitions, berth.view_daily, berth.view_attempts, berth.view_storage;");
        }
    }
}
