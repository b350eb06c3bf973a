using System.Text.Json.Nodes;

namespace Berth.DevCluster.Http;

/// <summary>A request that ends with a Kubernetes Status.</summary>
internal sealed class StatusException : Exception
{
    public StatusException(int code, string reason, string message, JsonObject? details = null, int? retryAfter = null)
        : base(message)
    {
        Code = code;
        Reason = reason;
        Details = details;
        RetryAfter = retryAfter;
    }

    public int Code { get; }

    public string Reason { get; }

    public JsonObject? Details { get; }

    public int? RetryAfter { get; }

    /// <summary>Where a list that can no longer be continued at its version may go on at the present one.</summary>
    public string Continue { get; init; } = "";

    public JsonObject Body()
    {
        var body = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Continue.Length > 0) ((JsonObject)body["metadata"]!)["continue"] = Continue;
        if (Reason.Length > 0) body["reason"] = Reason;
        if (Details is not null) body["details"] = Details.DeepClone();
        body["code"] = Code;
        return body;
    }

    public static StatusException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>An error that the real server does not know how to explain either: 500 without a reason.</summary>
    public static StatusException Unexplained(string message) => new(500, "", message);

    public static StatusException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static StatusException NotFound(string group, string resource, string name) =>
        new(404, "NotFound", $"{Qualified(resource, group)} \"{name}\" not found", Detail(name, group, resource));

    /// <summary>There is no such resource or subresource in a group that is served.</summary>
    public static StatusException NoSuchResource() => new(404, "NotFound", "the server could not find the requested resource", new JsonObject());

    public static StatusException AlreadyExists(string group, string resource, string name) =>
        new(409, "AlreadyExists", $"{Qualified(resource, group)} \"{name}\" already exists", Detail(name, group, resource));

    public static StatusException Conflict(string group, string resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(resource, group)} \"{name}\": {why}", Detail(name, group, resource));

    public static StatusException Modified(string group, string resource, string name) =>
        Conflict(group, resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static StatusException Forbidden(string group, string resource, string name, string why, JsonArray? causes = null)
    {
        var what = Qualified(resource, group) + (name.Length > 0 ? $" \"{name}\"" : "");
        var message = resource.Length == 0 ? $"forbidden: {why}" : $"{what} is forbidden: {why}";
        return new(403, "Forbidden", message, Detail(name, group, resource, causes));
    }

    public static StatusException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new JsonObject());

    public static StatusException MethodNotSupported(string group, string resource, string action) =>
        new(405, "MethodNotAllowed", $"{action} is not supported on resources of kind \"{Qualified(resource, group)}\"", Detail("", group, resource));

    public static StatusException UnsupportedMediaType(params string[] accepted) =>
        new(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: " + string.Join(", ", accepted));

    /// <summary>As built-in resources say it of patches.</summary>
    public static StatusException UnknownFormat() => new(415, "UnsupportedMediaType", "415: Unsupported Media Type", new JsonObject());

    public static StatusException NotAcceptable(params string[] accepted) =>
        new(406, "NotAcceptable", "only the following media types are accepted: " + string.Join(", ", accepted));

    /// <summary>As built-in resources say it.</summary>
    public static StatusException NoRepresentation(params string[] available) =>
        new(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: " + string.Join(", ", available), new JsonObject());

    public static StatusException Expired(string message) => new(410, "Expired", message);

    public static StatusException Internal(string message) =>
        new(500, "InternalError", $"Internal error occurred: {message}", new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = message }) });

    public static StatusException TooLargeRevision(long asked, long current) => new(504, "Timeout",
        $"Timeout: Too large resource version: {asked}, current: {current}",
        new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        }, retryAfter: 1);

    public static string Qualified(string resource, string group) => group.Length == 0 ? resource : $"{resource}.{group}";

    public static JsonObject Detail(string name, string group, string kind, JsonArray? causes = null)
    {
        var details = new JsonObject();
        if (name.Length > 0) details["name"] = name;
        if (group.Length > 0) details["group"] = group;
        if (kind.Length > 0) details["kind"] = kind;
        if (causes is not null) details["causes"] = causes;
        return details;
    }
}
