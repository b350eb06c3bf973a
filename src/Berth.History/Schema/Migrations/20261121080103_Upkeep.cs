using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Berth.History.Schema.Migrations
{
    /// <inheritdoc />
    internal sealed partial class Upkeep : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "swept",
                schema: "berth",
                table: "purged_tasks",
                type: "boolean",
                nullable: false,
                defaultValue: true);

            migrationBuilder.AddColumn<bool>(
                name: "merged",
                schema: "berth",
                table: "logs",
                type: "boolean",
                nullable: false,
                defaultValue: false);

            migrationBuilder.CreateIndex(
                name: "purged_tasks_swept_idx",
                schema: "berth",
                table: "purged_tasks",
                column: "swept",
                filter: "not swept");

            migrationBuilder.CreateIndex(
                name: "logs_updated_at_idx",
                schema: "berth",
                table: "logs",
                column: "updated_at",
                filter: "complete and not merged");

            // As in StatisticsViews: read by dashboards, names are a contract.
            migrationBuilder.Sql("""
                create view berth.view_success as
                  select date_trunc('day', finished_at at time zone 'UTC') at time zone 'UTC' as day, namespace, workspace, pool, count(*) as ended,
                    count(*) filter (where phase = 'Succeeded') as succeeded, count(*) filter (where phase = 'Succeeded')::float8 / count(*) as rate
                  from berth.tasks where finished_at is not null group by 1, 2, 3, 4;
                create view berth.view_reasons as
                  select date_trunc('day', t.at at time zone 'UTC') at time zone 'UTC' as day, k.namespace, k.workspace, k.pool, t.to_phase as phase, t.reason, count(*) as times
                  from berth.transitions t join berth.tasks k on k.uid = t.uid where t.reason <> '' and t.to_phase <> 'Succeeded' group by 1, 2, 3, 4, 5, 6;
                create view berth.view_waits as
                  select date_trunc('day', s.since at time zone 'UTC') at time zone 'UTC' as day, s.namespace, s.workspace, s.pool, s.phase, count(*) as stays, avg(s.seconds) as mean_seconds,
                    percentile_cont(0.5) within group (order by s.seconds) as p50_seconds, percentile_cont(0.95) within group (order by s.seconds) as p95_seconds, max(s.seconds) as max_seconds
                  from berth.view_stays s where s.seconds is not null group by 1, 2, 3, 4, 5;
                create view berth.view_audit as
                  select at, actor, verb, kind, namespace, name, uid, outcome, detail from berth.audit;
                create view berth.view_approvals as
                  select created_at, verdict_at, namespace, workspace, task_name, task_uid, decision, approver, verdict, comment,
                    extract(epoch from verdict_at - created_at)::float8 as verdict_seconds from berth.approvals;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("drop view berth.view_success, berth.view_reasons, berth.view_waits, berth.view_audit, berth.view_approvals;");

            migrationBuilder.DropIndex(
                name: "purged_tasks_swept_idx",
                schema: "berth",
                table: "purged_tasks");

            migrationBuilder.DropIndex(
                name: "logs_updated_at_idx",
                schema: "berth",
                table: "logs");

            migrationBuilder.DropColumn(
                name: "swept",
                schema: "berth",
                table: "purged_tasks");

            migrationBuilder.DropColumn(
                name: "merged",
                schema: "berth",
                table: "logs");
        }
    }
}
