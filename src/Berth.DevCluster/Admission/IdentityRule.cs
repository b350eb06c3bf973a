using Berth.DevCluster.Http;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Admission;

/// <summary>Holds Approvals and Tasks to the name of the requesting user, as the shipped ValidatingAdmissionPolicy does.</summary>
internal static class IdentityRule
{
    public static void Admit(AdmissionRequest request)
    {
        var resource = request.Target.Resource;
        if (resource.Group != "berth.dev" || request.Operation != "CREATE" || request.Target.Subresource.Length > 0) return;
        var (field, policy) = resource.Plural switch
        {
            "approvals" => ("approver", "berth-approvals"),
            "tasks" => ("requestedBy", "berth-tasks"),
            _ => ("", ""),
        };
        if (field.Length == 0) return;
        var claimed = request.Object.TextOr("", "spec", field);
        if (claimed == request.Request.User.Name || (field == "requestedBy" && claimed.Length == 0)) return;
        throw AdmissionDenial.ByPolicy(resource, request.Object?.Name() ?? "", policy, policy, $"spec.{field} must be the name of the requesting user", "Invalid");
    }
}
