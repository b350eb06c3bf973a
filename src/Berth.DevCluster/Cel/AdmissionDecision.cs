namespace Berth.DevCluster.Cel;

/// <summary>What a validation of a policy decided. A failed evaluation denies or admits by the policy's <c>failurePolicy</c>.</summary>
/// <param name="Denied">Whether the request is to be refused.</param>
/// <param name="Failed">Whether the expression could not be evaluated.</param>
/// <param name="Message">Why; the API server puts the names of policy and binding before it.</param>
/// <param name="Reason">The reason of the Status: Invalid unless the validation says another.</param>
internal sealed record AdmissionDecision(bool Denied, bool Failed, string Message, string Reason);
