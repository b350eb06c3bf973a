using System.Text.Json.Nodes;
using Berth.Api;

namespace Berth.Operator.View;

/// <summary>Answers that are no object: Kubernetes' Status.</summary>
internal static class ViewStatus
{
    public static IResult Of(int code, string reason, string message, string? resource = null, string? name = null)
    {
        var status = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = message, ["reason"] = reason, ["code"] = code };
        var details = new JsonObject { ["group"] = Names.ViewGroup };
        if (resource is not null) details["kind"] = resource;
        if (name is not null) details["name"] = name;
        status["details"] = details;
        return Results.Text(status.ToJsonString(), "application/json", statusCode: code);
    }

    public static IResult Missing(string message, string? name = null) => Of(404, "NotFound", message, "tasks", name);
}
