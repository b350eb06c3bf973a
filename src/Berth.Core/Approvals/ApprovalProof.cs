namespace Berth.Core.Approvals;

/// <summary>
/// Whether a namespace was proved to refuse Approvals under a false name: a dry-run create was denied with the policy's own message.
/// Approvals created before the proof are not honoured.
/// </summary>
/// <param name="Proven">Whether the last try was denied as it must be.</param>
/// <param name="Since">When the unbroken proof began.</param>
/// <param name="Detail">For people: what happened instead.</param>
public sealed record ApprovalProof(bool Proven, DateTimeOffset Since, string Detail)
{
    /// <summary>Not tried yet.</summary>
    public static readonly ApprovalProof None = new(false, DateTimeOffset.MaxValue, "the check has not run yet");

    /// <summary>The policy's first validation message for Approvals.</summary>
    public const string ApproverMessage = "spec.approver must be the name of the requesting user";

    /// <summary>The policy's message for Tasks.</summary>
    public const string RequesterMessage = "spec.requestedBy must be the name of the requesting user";
}
