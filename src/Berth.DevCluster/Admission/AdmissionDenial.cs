using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Admission;

/// <summary>The Status of a request that an admission policy denied.</summary>
internal static class AdmissionDenial
{
    /// <param name="resource">What was to be written.</param>
    /// <param name="name">Its name; may be empty.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="binding">Its binding.</param>
    /// <param name="message">The validation's message.</param>
    /// <param name="reason">The validation's reason: Invalid (the default), Forbidden, Unauthorized or RequestEntityTooLarge.</param>
    public static StatusException ByPolicy(ApiResource resource, string name, string policy, string binding, string message, string reason)
    {
        var text = $"ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: {message}";
        var code = reason switch { "Unauthorized" => 401, "Forbidden" => 403, "RequestEntityTooLarge" => 413, _ => 422 };
        var causes = new JsonArray(new JsonObject { ["message"] = text });
        var what = StatusException.Qualified(resource.Plural, resource.Group);
        return new StatusException(code, reason, $"{what} \"{name}\" is forbidden: {text}", StatusException.Detail(name, resource.Group, resource.Plural, causes));
    }
}
