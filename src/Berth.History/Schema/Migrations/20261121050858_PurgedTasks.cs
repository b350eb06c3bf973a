using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Berth.History.Schema.Migrations
{
    /// <inheritdoc />
    internal sealed partial class PurgedTasks : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "purged_tasks",
                schema: "berth",
                columns: table => new
                {
                    uid = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    acknowledged = table.Column<long>(type: "bigint", nullable: false),
                    purged_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("purged_tasks_pkey", x => x.uid);
                });

            migrationBuilder.CreateIndex(
                name: "purged_tasks_purged_at_idx",
                schema: "berth",
                table: "purged_tasks",
                column: "purged_at");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "purged_tasks",
                schema: "berth");
        }
    }
}
