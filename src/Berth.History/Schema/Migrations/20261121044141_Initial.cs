using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Berth.History.Schema.Migrations
{
    /// <inheritdoc />
    internal sealed partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.EnsureSchema(
                name: "berth");

            migrationBuilder.CreateTable(
                name: "alerts",
                schema: "berth",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    severity = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    message = table.Column<string>(type: "text", nullable: false),
                    detail = table.Column<string>(type: "jsonb", nullable: true),
                    resolved_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    acknowledged_by = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("alerts_pkey", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "approvals",
                schema: "berth",
                columns: table => new
                {
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    task_uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    task_name = table.Column<string>(type: "text", nullable: false),
                    run = table.Column<int>(type: "integer", nullable: false),
                    attempt = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    workspace = table.Column<string>(type: "text", nullable: false),
                    digest = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    decision = table.Column<string>(type: "text", nullable: false),
                    approver = table.Column<string>(type: "text", nullable: false),
                    comment = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    verdict = table.Column<string>(type: "text", nullable: true),
                    verdict_message = table.Column<string>(type: "text", nullable: true),
                    verdict_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("approvals_pkey", x => x.uid);
                });

            migrationBuilder.CreateTable(
                name: "artifact_chunks",
                schema: "berth",
                columns: table => new
                {
                    blob = table.Column<Guid>(type: "uuid", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    data = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("artifact_chunks_pkey", x => new { x.blob, x.number });
                });

            migrationBuilder.CreateTable(
                name: "artifact_links",
                schema: "berth",
                columns: table => new
                {
                    attempt = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    kind = table.Column<string>(type: "text", nullable: false),
                    path = table.Column<string>(type: "text", nullable: false),
                    task_uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    digest = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    size = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("artifact_links_pkey", x => new { x.attempt, x.kind, x.path });
                });

            migrationBuilder.CreateTable(
                name: "artifacts",
                schema: "berth",
                columns: table => new
                {
                    digest = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    blob = table.Column<Guid>(type: "uuid", nullable: false),
                    size = table.Column<long>(type: "bigint", nullable: false),
                    stored_size = table.Column<long>(type: "bigint", nullable: false),
                    chunks = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("artifacts_pkey", x => x.digest);
                });

            migrationBuilder.CreateTable(
                name: "attempts",
                schema: "berth",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    task_uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    run = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    pod = table.Column<string>(type: "text", nullable: false),
                    pod_uid = table.Column<string>(type: "text", nullable: false),
                    slot = table.Column<int>(type: "integer", nullable: false),
                    node = table.Column<string>(type: "text", nullable: true),
                    node_boot_id = table.Column<string>(type: "text", nullable: true),
                    runner_boot = table.Column<long>(type: "bigint", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false),
                    leader = table.Column<string>(type: "text", nullable: true),
                    ordered_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    ended_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    exit_code = table.Column<int>(type: "integer", nullable: true),
                    outcome = table.Column<string>(type: "text", nullable: true),
                    fenced_by = table.Column<string>(type: "text", nullable: true),
                    cpu_seconds = table.Column<double>(type: "double precision", nullable: true),
                    max_memory_bytes = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("attempts_pkey", x => x.id);
                });

            // Grows with time, so it is partitioned by it; EF Core has no word for that.
            migrationBuilder.Sql("""
                create table berth.audit (
                  id uuid not null,
                  at timestamptz not null,
                  actor text not null,
                  verb text not null,
                  kind text not null,
                  namespace text,
                  name text,
                  uid text collate "C",
                  outcome text not null,
                  detail jsonb,
                  constraint audit_pkey primary key (id, at)) partition by range (at);
                create table berth.audit_default partition of berth.audit default;
                """);

            migrationBuilder.CreateTable(
                name: "checkpoints",
                schema: "berth",
                columns: table => new
                {
                    attempt = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    number = table.Column<int>(type: "integer", nullable: false),
                    task_uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    digest = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    size = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("checkpoints_pkey", x => new { x.attempt, x.number });
                });

            // Grows with time, so it is partitioned by it; EF Core has no word for that.
            migrationBuilder.Sql("""
                create table berth.log_chunks (
                  attempt text collate "C" not null,
                  start_offset bigint not null,
                  day date not null,
                  size integer not null,
                  data bytea not null,
                  constraint log_chunks_pkey primary key (attempt, start_offset, day)) partition by range (day);
                create table berth.log_chunks_default partition of berth.log_chunks default;
                """);

            migrationBuilder.CreateTable(
                name: "logs",
                schema: "berth",
                columns: table => new
                {
                    attempt = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    task_uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    day = table.Column<DateOnly>(type: "date", nullable: false),
                    received = table.Column<long>(type: "bigint", nullable: false),
                    stored = table.Column<long>(type: "bigint", nullable: false),
                    complete = table.Column<bool>(type: "boolean", nullable: false),
                    dropped = table.Column<long>(type: "bigint", nullable: false),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("logs_pkey", x => x.attempt);
                });

            migrationBuilder.CreateTable(
                name: "tasks",
                schema: "berth",
                columns: table => new
                {
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    @namespace = table.Column<string>(name: "namespace", type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    workspace = table.Column<string>(type: "text", nullable: false),
                    pool = table.Column<string>(type: "text", nullable: false),
                    type = table.Column<string>(type: "text", nullable: false),
                    requested_by = table.Column<string>(type: "text", nullable: true),
                    priority = table.Column<int>(type: "integer", nullable: false),
                    phase = table.Column<string>(type: "text", nullable: false),
                    reason = table.Column<string>(type: "text", nullable: true),
                    message = table.Column<string>(type: "text", nullable: true),
                    run = table.Column<int>(type: "integer", nullable: false),
                    plan_summary = table.Column<string>(type: "text", nullable: true),
                    approved_by = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    queued_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    started_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    finished_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    deleted_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    updated_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    spec = table.Column<string>(type: "jsonb", nullable: false),
                    status = table.Column<string>(type: "jsonb", nullable: false),
                    status_seq = table.Column<long>(type: "bigint", nullable: false),
                    acknowledged = table.Column<long>(type: "bigint", nullable: false),
                    max_seq = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("tasks_pkey", x => x.uid);
                });

            // Grows with time, so it is partitioned by it; EF Core has no word for that.
            migrationBuilder.Sql("""
                create table berth.transitions (
                  uid text collate "C" not null,
                  seq bigint not null,
                  at timestamptz not null,
                  run integer not null,
                  from_phase text,
                  to_phase text not null,
                  signal text not null,
                  reason text not null,
                  message text,
                  actor text,
                  slot text,
                  attempt integer,
                  epoch bigint not null,
                  constraint transitions_pkey primary key (uid, seq, at)) partition by range (at);
                create table berth.transitions_default partition of berth.transitions default;
                """);

            // Chunks are compressed before they come here: no second try. Task rows are rewritten often: leave room on the page.
            migrationBuilder.Sql("""
                alter table berth.artifact_chunks alter column data set storage external;
                alter table berth.log_chunks alter column data set storage external;
                alter table berth.tasks set (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
                """);

            migrationBuilder.CreateIndex(
                name: "alerts_at_idx",
                schema: "berth",
                table: "alerts",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "alerts_subject_at_idx",
                schema: "berth",
                table: "alerts",
                columns: new[] { "subject", "at" });

            migrationBuilder.CreateIndex(
                name: "approvals_approver_created_at_idx",
                schema: "berth",
                table: "approvals",
                columns: new[] { "approver", "created_at" });

            migrationBuilder.CreateIndex(
                name: "approvals_task_uid_idx",
                schema: "berth",
                table: "approvals",
                column: "task_uid");

            migrationBuilder.CreateIndex(
                name: "approvals_workspace_created_at_idx",
                schema: "berth",
                table: "approvals",
                columns: new[] { "workspace", "created_at" });

            migrationBuilder.CreateIndex(
                name: "artifact_links_digest_idx",
                schema: "berth",
                table: "artifact_links",
                column: "digest");

            migrationBuilder.CreateIndex(
                name: "artifact_links_task_uid_idx",
                schema: "berth",
                table: "artifact_links",
                column: "task_uid");

            migrationBuilder.CreateIndex(
                name: "artifacts_blob_idx",
                schema: "berth",
                table: "artifacts",
                column: "blob",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "attempts_node_ordered_at_idx",
                schema: "berth",
                table: "attempts",
                columns: new[] { "node", "ordered_at" });

            migrationBuilder.CreateIndex(
                name: "attempts_task_uid_ordered_at_idx",
                schema: "berth",
                table: "attempts",
                columns: new[] { "task_uid", "ordered_at" });

            migrationBuilder.CreateIndex(
                name: "audit_actor_at_idx",
                schema: "berth",
                table: "audit",
                columns: new[] { "actor", "at" });

            migrationBuilder.CreateIndex(
                name: "audit_at_idx",
                schema: "berth",
                table: "audit",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "audit_uid_idx",
                schema: "berth",
                table: "audit",
                column: "uid");

            migrationBuilder.CreateIndex(
                name: "checkpoints_digest_idx",
                schema: "berth",
                table: "checkpoints",
                column: "digest");

            migrationBuilder.CreateIndex(
                name: "checkpoints_task_uid_created_at_idx",
                schema: "berth",
                table: "checkpoints",
                columns: new[] { "task_uid", "created_at" });

            migrationBuilder.CreateIndex(
                name: "logs_day_idx",
                schema: "berth",
                table: "logs",
                column: "day");

            migrationBuilder.CreateIndex(
                name: "logs_task_uid_idx",
                schema: "berth",
                table: "logs",
                column: "task_uid");

            migrationBuilder.CreateIndex(
                name: "tasks_created_at_idx",
                schema: "berth",
                table: "tasks",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "tasks_finished_at_idx",
                schema: "berth",
                table: "tasks",
                column: "finished_at");

            migrationBuilder.CreateIndex(
                name: "tasks_namespace_name_created_at_idx",
                schema: "berth",
                table: "tasks",
                columns: new[] { "namespace", "name", "created_at" });

            migrationBuilder.CreateIndex(
                name: "tasks_phase_created_at_idx",
                schema: "berth",
                table: "tasks",
                columns: new[] { "phase", "created_at" });

            migrationBuilder.CreateIndex(
                name: "tasks_pool_created_at_idx",
                schema: "berth",
                table: "tasks",
                columns: new[] { "pool", "created_at" });

            migrationBuilder.CreateIndex(
                name: "tasks_reason_created_at_idx",
                schema: "berth",
                table: "tasks",
                columns: new[] { "reason", "created_at" });

            migrationBuilder.CreateIndex(
                name: "tasks_requested_by_created_at_idx",
                schema: "berth",
                table: "tasks",
                columns: new[] { "requested_by", "created_at" });

            migrationBuilder.CreateIndex(
                name: "tasks_workspace_created_at_idx",
                schema: "berth",
                table: "tasks",
                columns: new[] { "workspace", "created_at" });

            migrationBuilder.CreateIndex(
                name: "transitions_actor_at_idx",
                schema: "berth",
                table: "transitions",
                columns: new[] { "actor", "at" },
                filter: "actor is not null");

            migrationBuilder.CreateIndex(
                name: "transitions_at_idx",
                schema: "berth",
                table: "transitions",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "transitions_reason_at_idx",
                schema: "berth",
                table: "transitions",
                columns: new[] { "reason", "at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "alerts",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "approvals",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "artifact_chunks",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "artifact_links",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "artifacts",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "attempts",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "audit",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "checkpoints",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "log_chunks",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "logs",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "tasks",
                schema: "berth");

            migrationBuilder.DropTable(
                name: "transitions",
                schema: "berth");
        }
    }
}
