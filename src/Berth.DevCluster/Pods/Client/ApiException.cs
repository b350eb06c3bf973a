using System.Net;

namespace Berth.DevCluster.Pods.Client;

/// <summary>The API server refused a request; carries its Status.</summary>
internal sealed class ApiException(HttpStatusCode code, string reason, string message)
    : Exception($"{(int)code} {reason}: {message}")
{
    public HttpStatusCode Code { get; } = code;

    public string Reason { get; } = reason;

    /// <summary>The Status's own message, without code and reason.</summary>
    public string Detail { get; } = message;

    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    public bool IsConflict => Code == HttpStatusCode.Conflict && Reason != "AlreadyExists";

    public bool IsAlreadyExists => Reason == "AlreadyExists";

    public bool IsGone => Code == HttpStatusCode.Gone || Reason is "Expired" or "Gone";
}
