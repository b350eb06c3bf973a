using Berth.Api;

namespace Berth.Core.Approvals;

/// <summary>The one verdict on an Approval. Reason is Accepted or why not; Message says what to do.</summary>
public sealed record ApprovalVerdict(string Name, string Uid, bool Accepted, string Reason, string Message);

/// <summary>Facts about an Approval resource.</summary>
public static class ApprovalFacts
{
    /// <summary>Whether the operator has spoken on it.</summary>
    public static bool HasVerdict(this ApprovalResource approval) =>
        approval.Status.Conditions.Any(c => c.Type == "Accepted" && c.Status != ConditionStatus.Unknown);
}
