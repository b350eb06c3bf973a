using Berth.Api;
using Npgsql;

namespace Berth.History.Records;

/// <summary>Approvals with their verdict, once there is one; a verdict never changes.</summary>
internal static class ApprovalWriter
{
    private const string Upsert = """
        insert into berth.approvals as a (uid, namespace, name, task_uid, task_name, run, attempt, workspace, digest, decision, approver, comment, created_at, verdict, verdict_message, verdict_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
          on conflict (uid) do update set verdict = excluded.verdict, verdict_message = excluded.verdict_message, verdict_at = excluded.verdict_at
            where a.verdict is null and excluded.verdict is not null
        """;

    public static Task WriteAsync(NpgsqlConnection connection, IReadOnlyList<ApprovalResource> approvals, CancellationToken cancellation) =>
        RowParameters.SendAsync(connection, approvals.OrderBy(a => a.Metadata.Uid, StringComparer.Ordinal).Select(Row), cancellation);

    private static NpgsqlBatchCommand Row(ApprovalResource approval)
    {
        var (meta, spec) = (approval.Metadata, approval.Spec);
        var verdict = approval.Status.Conditions.FirstOrDefault(c => c.Type == "Accepted" && c.Status != ConditionStatus.Unknown);
        return new NpgsqlBatchCommand(Upsert).Text(meta.Uid).Text(meta.Namespace ?? "").Text(meta.Name).Text(spec.TaskRef.Uid).Text(spec.TaskRef.Name).Number(spec.Run)
            .Text(spec.Attempt).Text(spec.Workspace).Text(spec.Digest).Text(spec.Decision.ToString()).Text(spec.Approver).Text(spec.Comment)
            .Time(meta.CreationTimestamp ?? verdict?.LastTransitionTime ?? DateTimeOffset.UnixEpoch)
            .Text(verdict?.Reason).Text(verdict?.Message).Time(verdict?.LastTransitionTime);
    }
}
